// A certified sign-in provider on this machine, for journeys:
//   node oidc_provider.mjs <folder with the package> <port> <callback of Saldo>
// POST /control takes {behind_seconds, groups} and sets its clock and everybody's groups.
import { createServer } from 'node:http';
import { pathToFileURL } from 'node:url';

const [folder, port, callback] = process.argv.slice(2);
const entry = `${folder}/node_modules/oidc-provider/lib/index.js`;
const { default: Provider } = await import(pathToFileURL(entry));

let behind_seconds = 0;
let groups = ['finance', 'choir'];
const now = Date.now;
Date.now = () => now() - behind_seconds * 1000;

const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [{ client_id: 'saldo', client_secret: 'a secret for tests', redirect_uris: [callback] }],
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'groups'] },
  cookies: { keys: ['a key for tests'] },
  findAccount: (_context, id) => ({
    accountId: id,
    claims: () => ({
      sub: id, email: `${id}@example.com`, email_verified: id !== 'mallory', name: id, groups,
    }),
  }),
});
const answer = provider.callback();

createServer((request, response) => {
  if (request.url === '/health') return response.end();
  if (request.url !== '/control') return answer(request, response);
  let body = '';
  request.on('data', (part) => { body += part; });
  request.on('end', () => {
    ({ behind_seconds = behind_seconds, groups = groups } = JSON.parse(body));
    response.end();
  });
}).listen(Number(port), '127.0.0.1');
