"""Addresses of the policy desk."""

from django.urls import path

from subsidies.views import differences, policies, trials

urlpatterns = [
    path("policies/", policies.policy_list, name="policy-list"),
    path("policies/new/", policies.policy_new, name="policy-new"),
    path("policies/check/", policies.policy_check, name="policy-check"),
    path("policies/questions/", policies.question_list, name="policy-questions"),
    path("policies/<int:pk>/", policies.policy_detail, name="policy-detail"),
    path("policies/<int:pk>/switch/", policies.policy_switch, name="policy-switch"),
    path("policies/<int:pk>/take-over/", policies.policy_take_over, name="policy-take-over"),
    path("policies/<int:pk>/discard/", policies.policy_discard, name="policy-discard"),
    path("policies/<int:pk>/release/", policies.policy_release, name="policy-release"),
    path("policies/<int:pk>/try/", trials.policy_try, name="policy-try"),
    path("policies/<int:pk>/trial/", trials.policy_trial, name="policy-trial"),
    path("policies/<int:pk>/trial/run/", trials.policy_trial_run, name="policy-trial-run"),
    path("policies/<int:pk>/trial/sign/", trials.cliff_sign, name="policy-cliff-sign"),
    path("differences/", differences.difference_list, name="difference-list"),
    path("differences/as-of/", differences.difference_as_of, name="difference-as-of"),
    path("differences/settle/", differences.difference_settle, name="difference-settle"),
    path("differences/decide/", differences.settlement_decide, name="settlement-decide"),
    path("differences/find/", differences.difference_find, name="difference-find"),
]
