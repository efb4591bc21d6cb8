from django.urls import path

from retrofits import acceptance_urls, works_urls
from retrofits.views import batches, evidence, installations, tasks, visits

app_name = "retrofits"
urlpatterns = [
    *acceptance_urls.urlpatterns,
    *works_urls.urlpatterns,
    path("", tasks.task_list, name="task-list"),
    path("open/", tasks.tasks_open, name="tasks-open"),
    path("tasks/<int:pk>/", tasks.task_detail, name="task-detail"),
    path("tasks/<int:pk>/withdraw/", tasks.task_withdraw, name="task-withdraw"),
    path("tasks/<int:pk>/installation/", installations.installation_record, name="installation-record"),
    path("tasks/<int:pk>/photos/", evidence.photo_add, name="photo-add"),
    path("photos/batches/", batches.photo_batches, name="photo-batches"),
    path("photos/batches/<int:pk>/", batches.photo_batch, name="photo-batch"),
    path("photos/batches/<int:pk>/file/", batches.photo_batch_file, name="photo-batch-file"),
    path("photos/uploads/<int:pk>/", batches.photo_upload_show, name="photo-upload-show"),
    path("photos/uploads/<int:pk>/place/", batches.photo_upload_place, name="photo-upload-place"),
    path("photos/<int:pk>/", evidence.photo_show, name="photo-show"),
    path("signatures/<int:pk>/", evidence.signature_show, name="signature-show"),
    path("installations/import/", installations.workbook_upload, name="workbook-upload"),
    path("installations/import/<int:pk>/", installations.workbook_detail, name="workbook-detail"),
    path("visits/", visits.visit_list, name="visit-list"),
    path("visits/<int:pk>/", visits.visit_record, name="visit-record"),
    path("acceptances/", visits.acceptance_list, name="acceptance-list"),
    path("acceptances/<int:pk>/", visits.acceptance_detail, name="acceptance-detail"),
    path("rectifications/<int:pk>/report/", visits.rectification_report, name="rectification-report"),
]
