"""What annex 2 asks of a product, each clause by the rule its own preset carries."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from pytest import mark

from core import clock
from devices.models import DockingCertificate, DockingTest
from retrofits.gate_facts import Chosen, GateBook
from retrofits.services import products
from supervision.services.samples import lift_block, record_sample
from tests.retrofits.asking import SHOWN, asks, file_of, shut
from tests.retrofits.conftest import DAY, Works
from tests.retrofits.test_pages import client_of, page

DESCRIBE = "retrofits.services.products:describe_product"
PRODUCT = "retrofits:product-edit"
MODEL = "retrofits.Product"


@pytest.mark.parametrize(
    ("gate", "clause", "lacking", "code"),
    [
        pytest.param(
            "CERTIFICATE",
            "J-32",
            {"certificate_no": ""},
            "NO_CERTIFICATE",
            marks=mark.clause("J-32", "满足国家要求和强制认证", serves=DESCRIBE, page=PRODUCT, model=MODEL),
        ),
        pytest.param(
            "INSURANCE",
            "J-33",
            {"insurance_from": date(2021, 12, 9), "insurance_until": date(2022, 1, 1)},
            "INSURANCE_GAP",
            marks=mark.clause("J-33", "产品保险单", serves=DESCRIBE, page=PRODUCT, model=MODEL),
        ),
        pytest.param(
            "PAPERS",
            "J-34",
            {"papers": ["parameters", "performance", "manual"]},
            "PAPERS_MISSING",
            marks=mark.clause("J-34", "参数、性能、使用说明书、出厂合格证", serves=DESCRIBE, page=PRODUCT, model=MODEL),
        ),
        pytest.param(
            "USE",
            "J-35",
            {"uses": ["public"]},
            "NOT_FOR_DWELLINGS",
            marks=mark.clause("J-35", "适用于晋城地区农村住宅", serves=DESCRIBE, page=PRODUCT, model=MODEL),
        ),
        pytest.param(
            "SIZING",
            "J-36",
            {"thermal_power_kw": Decimal("2.63")},
            "UNDERSIZED",
            marks=mark.clause("J-36", "根据户型面积…选用相应配套系统", serves=DESCRIBE, page=PRODUCT, model=MODEL),
        ),
        pytest.param(
            "INTERFACE",
            "J-24",
            {"has_wireless": None},
            "NOT_CONNECTABLE",
            marks=mark.clause(
                "J-21", "标准通讯接口与通讯协议，配备无线数据传输装置", serves=DESCRIBE, page=PRODUCT, model=MODEL
            ),
        ),
        pytest.param(
            "INTERFACE",
            "J-24",
            {"interface": "rs232", "protocol": "other", "is_remote": False},
            "NOT_CONNECTABLE",
            marks=mark.clause(
                "J-24", "标准通讯485接口，modbus，具备远程监控", serves=DESCRIBE, page=PRODUCT, model=MODEL
            ),
        ),
        pytest.param(
            "SAMPLE",
            "J-28",
            {"sample_on": None},
            "NO_SAMPLE",
            marks=mark.clause(
                "J-28", "控制板与无线传输设备样品及485通讯协议", serves=DESCRIBE, page=PRODUCT, model=MODEL
            ),
        ),
        pytest.param(
            "LOCAL_REQUIREMENTS",
            "J-44",
            {"meets": ["另一条"]},
            "LOCAL_UNMET",
            marks=mark.clause("J-44", "最低限度的技术要求", serves=DESCRIBE, page=PRODUCT, model=MODEL),
        ),
        pytest.param(
            "ELECTRICAL_RATING",
            "J-38",
            {"voltage_v": 380},
            "RATING",
            marks=mark.clause("J-38", "电压220V，频率50Hz", serves=DESCRIBE, page=PRODUCT, model=MODEL),
        ),
    ],
)
def test_a_product_that_lacks_one_thing_is_not_installed(
    works: Works, gate: str, clause: str, lacking: dict[str, Any], code: str
) -> None:
    """The dwelling has 88 m²: 2,640 W are 30 for each of them, 2,630 W are not."""
    stated = file_of("jincheng_2020", "programme.yaml")["programme"]["settings"]
    works.programme.settings = {"sizing": stated["sizing"], "local_requirements": ["低温启动"]}
    works.programme.save()
    assert asks(works, "jincheng_2020", gate) == [clause]
    products.describe_product(device_model=works.model, values=SHOWN | lacking, by=works.office)
    task = works.task()
    assert shut(works, task, installed_on=DAY.isoformat()) == [(gate, code)]
    mended = {name: SHOWN[name] for name in lacking}
    products.describe_product(
        device_model=works.model, values=mended, version=works.model.product.version, by=works.office
    )
    assert shut(works, task, installed_on=DAY.isoformat()) == []


@mark.clause("J-37", "主管道及主换热器…耐腐蚀材料", serves=DESCRIBE, page=PRODUCT, model=MODEL)
def test_a_product_says_what_its_pipe_and_exchanger_are_made_of(works: Works) -> None:
    products.describe_product(device_model=works.model, values={"material": "316L 不锈钢"}, by=works.office)
    assert "316L 不锈钢" in client_of(works.office).get(page("product-edit", works.model.pk)).content.decode()


@mark.clause("J-53", "对中标“煤改电”“煤改气”设备和产品进行抽检",
             serves="supervision.services.samples:record_sample", page="retrofits:installation-record",
             model="devices.ModelSample")  # fmt: skip
def test_a_model_that_failed_the_sampling_is_not_installed_until_the_block_is_lifted(works: Works) -> None:
    assert asks(works, "jincheng_2020", "SAMPLING") == ["J-53"]
    given = {"programme": works.programme, "device_model": works.model, "laboratory": "示例检测站", "by": works.office}
    record_sample(batch_no="A", report_no="CJ-1", sampled_on=DAY, result="passed", **given)
    failed = record_sample(
        batch_no="B", report_no="CJ-2", sampled_on=DAY, result="failed", findings="绝缘不合格", **given
    )
    the_day_before = (DAY - timedelta(days=1)).isoformat()
    assert shut(works, works.task(), installed_on=the_day_before) == []
    task = works.task()
    assert shut(works, task, installed_on=DAY.isoformat()) == [("SAMPLING", "SAMPLE_FAILED")]
    lift_block(sample=failed, reason="该批次已召回", on=DAY, by=works.office)
    assert shut(works, task, installed_on=DAY.isoformat()) == []


def test_a_sample_counts_from_its_day_on(works: Works) -> None:
    asks(works, "jincheng_2020", "SAMPLE")
    shown = SHOWN | {"sample_on": DAY}
    products.describe_product(device_model=works.model, values=shown, by=works.office)
    task, before = works.task(), (DAY - timedelta(days=1)).isoformat()
    assert shut(works, task, installed_on=before) == [("SAMPLE", "SAMPLE_LATER")]
    assert shut(works, task, installed_on=DAY.isoformat()) == []


def test_the_portals_own_docking_confirmation_opens_the_gate_while_it_is_valid(works: Works) -> None:
    asks(works, "jincheng_2020", "DOCKING")
    products.describe_product(
        device_model=works.model, values=SHOWN | {"docking_issuer": "", "docking_no": ""}, by=works.office
    )
    task = works.task()
    assert shut(works, task, installed_on=DAY.isoformat()) == [("DOCKING", "NOT_DOCKED")]  # nobody says who confirmed
    test = DockingTest.objects.create(
        number="T-1", device_model=works.model, profile=works.model.profile, line="sim", unit=1, board_firmware="1",
        dtu_firmware="1", sample_received_on=DAY, opened_by=works.office, opened_at=clock.now(),
    )  # fmt: skip
    confirmation = DockingCertificate.objects.create(
        number="DJ-1", code="c1", test=test, device_model=works.model, profile=works.model.profile, document={},
        sha256="0" * 64, issued_by=works.office, issued_on=DAY, valid_until=DAY,
    )  # fmt: skip
    found = GateBook(works.programme).verdicts(
        task, ("install",), on=DAY + timedelta(days=1), chosen=Chosen(works.supplier, works.model)
    )
    assert [one.refusal.code for one in found if one.refusal] == ["DOCKING_EXPIRED"]
    DockingCertificate.objects.update(state="suspended")
    unconfirmed = [("model_no", "NOT_DOCKED"), ("DOCKING", "NOT_DOCKED")]
    assert shut(works, task, installed_on=DAY.isoformat()) == unconfirmed
    DockingCertificate.objects.filter(pk=confirmation.pk).update(state="valid")
    assert shut(works, task, installed_on=DAY.isoformat()) == []
