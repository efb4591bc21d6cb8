"""数据对接测试: what a board must show before its model may be installed (annex 2, items 1 to 4; DEVICES §3.9)."""
