-- Which of the rows behind a figure are those of one plan, country or tenant? One row per row of
-- `everything`, which is another question; what belongs to no tenant is everybody's.
select e.*
from everything e
left join plan l on l.id = e.plan_id
where e.tenant_id is null
  or ($by = 'plan' and coalesce(l.slug, e.no_plan) = $group)
  or ($by <> 'plan' and e.tenant_id in (
    select n.tenant_id
    from tenants n
    where case $by when 'country' then n.country else n.tenant_key end = $group
  ))
