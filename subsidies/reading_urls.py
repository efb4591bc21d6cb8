"""Addresses of readings, of the cross-check and of clawbacks."""

from django.urls import path

from subsidies.views import clawbacks, operation, reading_imports, readings

urlpatterns = [
    path("readings/", readings.reading_list, name="reading-list"),
    path("readings/new/", readings.reading_new, name="reading-new"),
    path("readings/village/", readings.reading_grid, name="reading-grid"),
    path("readings/heaters/", reading_imports.reading_take, name="reading-take"),
    path("readings/settle/", operation.season_settle, name="season-settle"),
    path("readings/files/", reading_imports.reading_import_list, name="reading-import-list"),
    path("readings/files/<int:pk>/", reading_imports.reading_import_detail, name="reading-import-detail"),
    path("readings/files/<int:pk>/apply/", reading_imports.reading_import_apply, name="reading-import-apply"),
    path("readings/files/<int:pk>/check/", reading_imports.reading_import_check, name="reading-import-check"),
    path("readings/files/<int:pk>/undo/", reading_imports.reading_import_undo, name="reading-import-undo"),
    path("readings/<int:pk>/", readings.reading_detail, name="reading-detail"),
    path("readings/<int:pk>/decide/", readings.reading_decide, name="reading-decide"),
    path("meters/<int:pk>/split/", readings.meter_split, name="meter-split"),
    path("operation/", operation.operation_list, name="operation-list"),
    path("operation/check/", operation.operation_check, name="operation-check"),
    path("clawbacks/", clawbacks.clawback_list, name="clawback-list"),
    path("clawbacks/<int:pk>/", clawbacks.clawback_detail, name="clawback-detail"),
    path("clawbacks/<int:pk>/decide/", clawbacks.clawback_decide, name="clawback-decide"),
    path("clawbacks/<int:pk>/return/", clawbacks.clawback_return, name="clawback-return"),
    path("entitlements/<int:pk>/clawback/", clawbacks.clawback_new, name="clawback-new"),
]
