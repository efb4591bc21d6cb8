"""The stream of readings: partitioned by day, a default partition so that no reading is ever refused."""

from django.db import migrations

CREATE = """
CREATE TABLE telemetry_reading (
    heater_id bigint NOT NULL,
    at timestamptz NOT NULL,
    supply_dc smallint, return_dc smallint, outdoor_dc smallint, room_dc smallint, set_room_dc smallint,
    running boolean, mode smallint, fault integer, power_w integer, energy_dkwh bigint,
    flags smallint NOT NULL DEFAULT 0,
    PRIMARY KEY (heater_id, at)
) PARTITION BY RANGE (at);
CREATE TABLE telemetry_reading_default PARTITION OF telemetry_reading DEFAULT;
"""


class Migration(migrations.Migration):
    dependencies = [("telemetry", "0001_initial")]
    operations = [migrations.RunSQL(CREATE, "DROP TABLE telemetry_reading")]
