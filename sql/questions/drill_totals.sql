-- How many rows are behind a figure, and what do they sum to? One row per answer, over all rows of
-- `behind`, which is another question.
select count(*) as items, coalesce(sum(b.value), 0)::bigint as value
from behind b
