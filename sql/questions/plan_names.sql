-- What are the plans called? One row per plan, retired ones among them.
select l.slug, l.name
from plan l
order by l.slug
