"""Addresses of acceptance: the phone, orders, measuring, joint acceptance, reviews."""

from django.urls import path

from retrofits.views import joint, orders, phone, rectifications, reviews, works_checks

urlpatterns = [
    path("visits/phone/", phone.phone, name="phone"),
    path("visits/phone/hello/", phone.phone_hello, name="phone-hello"),
    path("visits/phone/package/", phone.phone_package, name="phone-package"),
    path("visits/phone.webmanifest", phone.manifest, name="phone-manifest"),
    path("visits/worker.js", phone.worker, name="phone-worker"),
    path("visits/<int:pk>/pieces/", phone.photo_piece, name="photo-piece"),
    path("visits/<int:pk>/send/", phone.visit_send, name="visit-send"),
    path("tasks/<int:pk>/works-check/", works_checks.works_check, name="works-check"),
    path("works-checks/<int:pk>/", works_checks.works_check_detail, name="works-check-detail"),
    path("acceptances/<int:pk>/print/", rectifications.acceptance_print, name="acceptance-print"),
    path("orders/", orders.order_list, name="order-list"),
    path("orders/agencies/", orders.agency_add, name="agency-add"),
    path("orders/agencies/<int:pk>/members/", orders.agency_member_add, name="agency-member-add"),
    path("orders/agencies/<int:pk>/give/", orders.order_give, name="order-give"),
    path("joint/", joint.joint_list, name="joint-list"),
    path("joint/open/", joint.joint_open, name="joint-open"),
    path("joint/levels/", joint.level_record, name="level-record"),
    path("joint/<int:pk>/", joint.joint_detail, name="joint-detail"),
    path("joint/<int:pk>/print/", joint.joint_print, name="joint-print"),
    path("joint/<int:pk>/sign/", joint.joint_sign, name="joint-sign"),
    path("joint/<int:pk>/return/", joint.joint_return, name="joint-return"),
    path("reviews/", reviews.review_list, name="review-list"),
    path("reviews/draw/", reviews.review_draw, name="review-draw"),
    path("reviews/<int:pk>/", reviews.review_detail, name="review-detail"),
    path("reviews/<int:pk>/lines/<int:line>/", reviews.review_decide, name="review-decide"),
    path("reviews/<int:pk>/lines/<int:line>/fixed/", reviews.review_fix, name="review-fix"),
    path("rectifications/", rectifications.rectification_list, name="rectification-list"),
]
