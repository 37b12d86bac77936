-- How many tenants have figures in a month, and how many of them recurring revenue? One row per
-- answer, over `listed`, which is another question.
select count(*) as tenants, count(*) filter (where l.is_recurring) as recurring
from listed l
