from collections import Counter
import pytest
from tests.redemption import test_books as tb
seen=Counter()
orig_r, orig_u = tb.redeem_voucher, tb.undo_redemption
def r(**k):
    a=orig_r(**k); seen["r:"+a.outcome]+=1; return a
def u(**k):
    a=orig_u(**k); seen["u:"+a.outcome]+=1; return a
@pytest.mark.django_db
def test_zz(monkeypatch):
    monkeypatch.setattr(tb,"redeem_voucher",r); monkeypatch.setattr(tb,"undo_redemption",u)
    import tests.orders.machine as m
    of=m.request_refund
    def f(**k):
        x=of(**k); seen[f"refund {x.cause} {x.uses}/{x.voucher.uses_total if x.voucher else 0}"]+=1; return x
    monkeypatch.setattr(m,"request_refund",f)
    oa=m.apply_payment_news
    def ap(**k):
        x=oa(**k); seen["pay "+x]+=1; return x
    monkeypatch.setattr(m,"apply_payment_news",ap)
    tb.test_x65_no_order_of_events_at_the_counter_loses_or_makes_money()
    print("Counter", seen)
