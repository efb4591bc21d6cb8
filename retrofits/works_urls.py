"""Addresses below /works/ of what stands before and beside the works in one dwelling."""

from django.urls import path

from retrofits.views import buildings, lots, outcomes, papers, prices, projects, registers

urlpatterns = [
    path("tasks/<int:pk>/papers/", papers.task_paper, name="task-paper"),
    path("tasks/<int:pk>/reasons/", papers.task_reason, name="task-reason"),
    path("tasks/<int:pk>/move/", papers.task_move, name="task-move"),
    path("enterprises/", registers.admission_list, name="admission-list"),
    path("enterprises/new/", registers.admission_new, name="admission-new"),
    path("enterprises/<int:pk>/", registers.admission_detail, name="admission-detail"),
    path("enterprises/<int:pk>/act/", registers.admission_act, name="admission-act"),
    path("products/", registers.product_list, name="product-list"),
    path("products/<int:pk>/", registers.product_edit, name="product-edit"),
    path("supply/", registers.supply_list, name="supply-list"),
    path("supply/new/", registers.supply_new, name="supply-new"),
    path("transition/", registers.transition_list, name="transition-list"),
    path("transition/new/", registers.transition_new, name="transition-new"),
    path("transition/<int:pk>/end/", registers.transition_end, name="transition-end"),
    path("projects/", projects.project_list, name="project-list"),
    path("projects/new/", projects.project_new, name="project-new"),
    path("projects/<int:pk>/", projects.project_detail, name="project-detail"),
    path("projects/<int:pk>/edit/", projects.project_edit, name="project-edit"),
    path("projects/<int:pk>/act/", projects.project_act, name="project-act"),
    path("buildings/", buildings.building_list, name="building-list"),
    path("buildings/new/", buildings.building_new, name="building-new"),
    path("prices/", prices.price_list, name="price-list"),
    path("prices/new/", prices.price_new, name="price-new"),
    path("outcomes/", outcomes.outcome_list, name="outcome-list"),
    path("outcomes/burdens/", outcomes.burden_new, name="burden-new"),
    path("lots/", lots.lot_list, name="lot-list"),
    path("lots/new/", lots.lot_new, name="lot-new"),
    path("lots/<int:pk>/", lots.lot_detail, name="lot-detail"),
    path("lots/<int:pk>/act/", lots.lot_act, name="lot-act"),
]
