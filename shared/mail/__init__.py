"""E-mails that go out: the port, its adapter, and the letters they carry."""
