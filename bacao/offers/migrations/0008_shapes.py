"""Shapes that no service bug may write: tiers that do not rise (PR7), an audience that names no key (PR11)."""

from django.db import migrations

SHAPES = """
CREATE FUNCTION offers_tiers_rise(tiers jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT jsonb_typeof(tiers) = 'array' AND coalesce(bool_and(
    CASE WHEN jsonb_typeof(tier) = 'array' AND jsonb_array_length(tier) = 2 THEN
      coalesce((tier->>0)::bigint > greatest(coalesce((before->>0)::bigint, 0), 0), false)
      AND coalesce((tier->>1)::bigint > coalesce((before->>1)::bigint, 0), false)
      AND (tier->>1)::bigint <= (tier->>0)::bigint
    ELSE false END), true)
  FROM (SELECT tier, lag(tier) OVER (ORDER BY place) AS before
        FROM jsonb_array_elements(CASE jsonb_typeof(tiers) WHEN 'array' THEN tiers ELSE '[]' END)
          WITH ORDINALITY AS listed (tier, place)) AS pairs
$$;

CREATE FUNCTION offers_audience_names_keys(audience jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT jsonb_typeof(audience) = 'array' AND NOT EXISTS (
    SELECT FROM jsonb_array_elements(CASE jsonb_typeof(audience) WHEN 'array' THEN audience ELSE '[]' END) AS keys
    WHERE CASE jsonb_typeof(keys) WHEN 'array' THEN jsonb_array_length(keys) = 0 OR EXISTS (
        SELECT FROM jsonb_array_elements(keys) AS key WHERE jsonb_typeof(key) <> 'string' OR key #>> '{}' = '')
      ELSE true END)
$$;

ALTER TABLE offers_offerversion
  ADD CONSTRAINT offers_version_tiers_rise CHECK (offers_tiers_rise(tiers)),
  ADD CONSTRAINT offers_version_audience_names_keys CHECK (offers_audience_names_keys(audience_any));
"""
AWAY = """
ALTER TABLE offers_offerversion
  DROP CONSTRAINT offers_version_tiers_rise, DROP CONSTRAINT offers_version_audience_names_keys;
DROP FUNCTION offers_tiers_rise(jsonb);
DROP FUNCTION offers_audience_names_keys(jsonb);
"""


class Migration(migrations.Migration):
    dependencies = [("offers", "0007_kinds_and_audiences")]
    operations = [migrations.RunSQL(SHAPES, AWAY)]
