from django.urls import path

from subsidies import policy_urls, reading_urls
from subsidies.views import bank, batches, entitlements, funds, notices

app_name = "subsidies"
urlpatterns = [
    path("entitlements/", entitlements.entitlement_list, name="entitlement-list"),
    path("entitlements/assess/", entitlements.entitlement_assess, name="entitlement-assess"),
    path("entitlements/<int:pk>/", entitlements.entitlement_detail, name="entitlement-detail"),
    path("entitlements/<int:pk>/again/", entitlements.entitlement_again, name="entitlement-again"),
    path("entitlements/<int:pk>/objection/", entitlements.objection_raise, name="objection-raise"),
    path("objections/<int:pk>/decision/", entitlements.objection_decide, name="objection-decide"),
    path("notices/", notices.notice_list, name="notice-list"),
    path("notices/publish/", notices.notice_publish, name="notice-publish"),
    path("notices/<slug:number>/", notices.notice_detail, name="notice-detail"),
    path("notices/<slug:number>/sheet/", notices.notice_print, name="notice-print"),
    path("batches/", batches.batch_list, name="batch-list"),
    path("batches/new/", batches.batch_new, name="batch-new"),
    path("batches/<slug:number>/", batches.batch_detail, name="batch-detail"),
    path("batches/<slug:number>/lines/", batches.batch_lines, name="batch-lines"),
    path("batches/<slug:number>/difference/", batches.batch_difference, name="batch-difference"),
    path("batches/<slug:number>/sheet/", batches.batch_print, name="batch-print"),
    path("batches/<slug:number>/lock/", batches.batch_lock, name="batch-lock"),
    path("batches/<slug:number>/fill/", batches.batch_fill, name="batch-fill"),
    path("batches/<slug:number>/drop/", batches.batch_drop, name="batch-drop"),
    path("batches/<slug:number>/sign/", batches.batch_sign, name="batch-sign"),
    path("batches/<slug:number>/reopen/", batches.batch_reopen, name="batch-reopen"),
    path("batches/<slug:number>/give-up/", batches.batch_give_up, name="batch-give-up"),
    path("batches/<slug:number>/file/", bank.bank_file_make, name="bank-file-make"),
    path("batches/<slug:number>/file/fetch/", bank.bank_file_fetch, name="bank-file-fetch"),
    path("batches/<slug:number>/return/", bank.return_new, name="return-new"),
    path("batches/<slug:number>/follow-up/", bank.batch_follow_up, name="batch-follow-up"),
    path("returns/", bank.return_list, name="return-list"),
    path("returns/<int:pk>/", bank.return_detail, name="return-detail"),
    path("returns/<int:pk>/book/", bank.return_book, name="return-book"),
    path("funds/", funds.fund_list, name="fund-list"),
    path("funds/receipt/", funds.fund_receipt, name="fund-receipt"),
    path("funds/<int:pk>/", funds.fund_detail, name="fund-detail"),
    *policy_urls.urlpatterns,
    *reading_urls.urlpatterns,
]
