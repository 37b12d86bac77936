"""What ad-hoc SQL may be made of: shapes of the parse, functions, types of statements.

Whatever is not named here is refused, so that a function of a later DuckDB is refused too. The
names are those of DuckDB's parser: `count(*)` is `count_star`, `a || b` calls `||`.
"""

QUERIES = {"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE"}
SOURCES = {
    "BASE_TABLE",
    "SUBQUERY",
    "JOIN",
    "EXPRESSION_LIST",
    "EMPTY",
    "TABLE_FUNCTION",
    "PIVOT",
    "SHOW_REF",
}
MODIFIERS = {
    "ORDER_MODIFIER",
    "LIMIT_MODIFIER",
    "LIMIT_PERCENT_MODIFIER",
    "DISTINCT_MODIFIER",
    "ORDER_DEFAULT",
    "ASCENDING",
    "DESCENDING",
}
SHAPES = QUERIES | SOURCES | MODIFIERS
EXPRESSIONS = {
    "STAR",
    "COLUMN_REF",
    "CONSTANT",
    "FUNCTION",
    "OPERATOR",
    "COMPARISON",
    "CONJUNCTION",
    "BETWEEN",
    "CASE",
    "CAST",
    "TYPE",
    "SUBQUERY",
    "WINDOW",
    "LAMBDA",
    "COLLATE",
}
ROW_MAKERS = {"range", "generate_series", "unnest"}
"""Functions that may stand after `from`."""
SHOWN = {'"tables"'}
"""What `show …` may list besides the columns of a table."""

_OPERATORS = (
    "!= !~~ !~~* % & * ** + - ->> / // < << <= <> = > >= >> @> <@ && ^ @ | || ~ ~~ ~~* ~~~ "
    "!__postfix"
)
_NUMBERS = (
    "abs acos asin atan atan2 cbrt ceil ceiling cos cot degrees divide even exp factorial floor "
    "fdiv fmod gcd greatest isfinite isinf isnan lcm least ln log log10 log2 mod multiply "
    "nextafter pi pow power radians random round round_even roundbankers sign sin sqrt subtract "
    "tan trunc xor bit_count add greatest_common_divisor least_common_multiple"
)
_TEXTS = (
    "ascii array_to_string bar chr concat concat_ws contains ends_with format format_bytes "
    "formatReadableDecimalSize formatReadableSize hash hex instr jaccard jaro_similarity "
    "jaro_winkler_similarity lcase left len length length_grapheme levenshtein like_escape "
    "lower lpad ltrim md5 not_like_escape ilike_escape not_ilike_escape nfc_normalize ord "
    "position prefix printf regexp_escape regexp_extract regexp_extract_all regexp_full_match "
    "regexp_matches regexp_replace regexp_split_to_array repeat replace reverse right rpad "
    "rtrim sha256 split split_part starts_with str_split str_split_regex string_split "
    "string_split_regex string_to_array strip_accents strlen strpos substr substring suffix "
    "to_base translate trim ucase unicode upper url_decode url_encode"
)
_DAYS = (
    "age century current_date current_localtime current_localtimestamp date_add date_diff "
    "date_part date_sub date_trunc datediff datepart datesub datetrunc day dayname dayofmonth "
    "dayofweek dayofyear days_in_month decade epoch epoch_ms epoch_us epoch_ns era "
    "get_current_time get_current_timestamp hour isodow isoyear julian last_day make_date "
    "make_time make_timestamp make_timestamp_ms make_timestamp_ns make_timestamptz microsecond "
    "millennium millisecond minute month monthname now quarter second strftime strptime "
    "time_bucket timezone to_centuries to_days to_decades to_hours to_microseconds "
    "to_milliseconds to_minutes to_months to_quarters to_seconds to_timestamp to_weeks to_years "
    "today transaction_timestamp try_strptime week weekday weekofyear year yearweek "
    "normalized_interval"
)
_LISTS = (
    "aggregate apply array_aggr array_aggregate array_append array_apply array_cat array_concat "
    "array_contains array_distinct array_extract array_filter array_has array_has_all "
    "array_has_any array_indexof array_intersect array_length array_position array_prepend "
    "array_reduce array_resize array_reverse array_reverse_sort array_select array_slice "
    "array_sort array_transform array_unique array_value array_where array_zip cardinality "
    "element_at filter flatten generate_series grade_up list_aggr list_aggregate list_any_value "
    "list_append list_apply list_avg list_bool_and list_bool_or list_cat list_concat "
    "list_contains list_count list_distinct list_element list_extract list_filter list_first "
    "list_grade_up list_has list_has_all list_has_any list_histogram list_indexof "
    "list_intersect list_last list_max list_median list_min list_mode list_pack list_position "
    "list_prepend list_product list_reduce list_resize list_reverse list_reverse_sort "
    "list_select list_slice list_sort list_stddev_pop list_stddev_samp list_string_agg list_sum "
    "list_transform list_unique list_value list_var_pop list_var_samp list_where list_zip range "
    "reduce row unnest map map_concat map_contains map_entries map_extract map_extract_value "
    "map_from_entries map_keys map_values struct_concat struct_extract struct_extract_at "
    "struct_insert struct_keys struct_pack struct_update struct_values array_cross_product "
    "array_inner_product unpivot_list generate_subscripts equi_width_bins"
)
_JSON = (
    "array_to_json from_json json json_array json_array_length json_contains json_exists "
    "json_extract json_extract_path json_extract_path_text json_extract_string json_group_array "
    "json_group_object json_keys json_object json_pretty json_quote json_structure "
    "json_transform json_type json_valid json_value row_to_json to_json"
)
_AGGREGATES = (
    "any_value approx_count_distinct approx_quantile approx_top_k arbitrary arg_max "
    "arg_max_null arg_min arg_min_null argmax argmin array_agg avg bit_and bit_or bit_xor "
    "bool_and bool_or corr count count_if count_star countif covar_pop covar_samp entropy favg "
    "first fsum geomean geometric_mean group_concat histogram histogram_exact kahan_sum "
    "kurtosis kurtosis_pop last list listagg mad max max_by mean median min min_by mode product "
    "quantile quantile_cont quantile_disc regr_avgx regr_avgy regr_count regr_intercept regr_r2 "
    "regr_slope regr_sxx regr_sxy regr_syy reservoir_quantile sem skewness stddev stddev_pop "
    "stddev_samp string_agg sum sum_no_overflow sumkahan var_pop var_samp variance wavg "
    "weighted_avg"
)
_WINDOWS = (
    "row_number rank dense_rank rank_dense percent_rank cume_dist ntile lag lead first_value "
    "last_value nth_value fill"
)
_REST = "alias coalesce if ifnull nullif switch typeof try_cast error"
FUNCTIONS = frozenset(
    name.lower()
    for names in (
        _OPERATORS,
        _NUMBERS,
        _TEXTS,
        _DAYS,
        _LISTS,
        _JSON,
        _AGGREGATES,
        _WINDOWS,
        _REST,
    )
    for name in names.split()
)
"""The functions a query may call, in lower case."""
