"""How a SQL Server behind is reached: encryption, certificates, routing, and the login that reads definitions."""

import ssl
import subprocess

import pyodbc
import pytest

from harness.behind import TRUST, Front
from harness.drivers import Pyodbc
from harness.scripts import DOCUMENTED, script
from harness.server import PASSWORD
from harness.tds_server import TdsServer, done, login_acknowledged, routing

ENCRYPTED = "SELECT encrypt_option FROM sys.dm_exec_connections WHERE session_id = @@SPID"


@pytest.fixture
def make_front(tmp_path):
    """Makes servers with a SQL Server behind, reached by these flags: `make_front(*flags)`."""
    made = []

    def make(*reach: str, **options) -> Front:
        front = Front(tmp_path, reach=reach, **options)
        made.append(front)
        front.behind.start()
        return front

    yield make
    for front in made:
        front.clean_up()


def certificate(front: Front) -> str:
    """The file of the certificate that the server behind has made itself."""
    return str(front.behind.data / "tls-certificate.pem")


def refusal(front: Front) -> str:
    """Why a client gets no session, which the log says and the client isn't told, nor where the server is."""
    with pytest.raises(pyodbc.Error, match="40613") as refused:
        Pyodbc(front)
    port = (front.behind_address or str(front.behind.port)).rpartition(",")[2]
    assert port not in str(refused.value) and "certificate" not in str(refused.value)
    return front.log_text()


@pytest.mark.parametrize("encrypt", ["mandatory", "strict"])
def test_a_named_certificate_is_taken(make_front, tmp_path, encrypt):
    front = make_front("--database-encrypt", encrypt, "--database-certificate", str(tmp_path / "behind/data/tls-certificate.pem"))
    front.start()
    with front.connect() as session:
        assert session.run(ENCRYPTED).value == "TRUE"
        assert session.run(DOCUMENTED).value == 1
    front.wait_for_no_containers()


@pytest.mark.parametrize("encrypt", ["mandatory", "strict"])
def test_an_unknown_certificate_is_refused(make_front, encrypt):
    front = make_front("--database-encrypt", encrypt).start()
    error = refusal(front)
    assert "invalid peer certificate" in error
    assert "name its certificate, or set trust_server_certificate" in error


def test_one_that_may_issue_others_is_refused_as_well(make_front, tmp_path):
    """As those are that openssl makes by itself."""
    certificate, key = tmp_path / "own.pem", tmp_path / "own.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=localhost"],
        check=True, capture_output=True,
    )  # fmt: skip
    own = {"LAUNCHPOD_TLS_CERTIFICATE": str(certificate), "LAUNCHPOD_TLS_KEY": str(key)}
    front = make_front(behind_environment=own).start()
    assert "name its certificate, or set trust_server_certificate" in refusal(front)
    assert super(Front, front).stop() == 0
    front.reach = ("--database-certificate", str(certificate))
    with front.start().connect() as session:
        assert session.run(ENCRYPTED).value == "TRUE"


def test_a_server_that_knows_no_strict_encryption_is_silent(make_front):
    front = make_front("--database-encrypt", "strict", *TRUST)
    with TdsServer(answer=lambda kind, payload: None) as server:
        front.behind_address = server.address
        assert 'set `encrypt = "mandatory"`' in refusal(front.start())


def test_another_certificate_is_refused(make_front, tmp_path):
    other = tmp_path / "other.pem"
    # One that the system trusts, and the server behind doesn't have.
    other.write_text(ssl.DER_cert_to_PEM_cert(ssl.create_default_context().get_ca_certs(binary_form=True)[0]))
    front = make_front("--database-certificate", str(other)).start()
    assert "name its certificate" in refusal(front)


def test_a_certificate_that_is_none_is_said_at_the_start(make_front, tmp_path):
    (tmp_path / "empty.pem").write_text("")
    front = make_front("--database-certificate", str(tmp_path / "empty.pem"))
    with pytest.raises(AssertionError, match=r"empty\.pem holds no PEM certificate"):
        front.start()


def test_a_login_follows_its_routing(make_front):
    front = make_front("--database-encrypt", "optional", *TRUST)
    target = front.behind.host, front.behind.port
    with TdsServer(login=login_acknowledged() + routing(*target) + done()) as listener:
        front.behind_address = listener.address
        front.start()
        with front.connect() as session:
            assert session.run("SELECT @@SERVERNAME AS name, 1 AS one").rows[0][1] == 1
            assert session.run(DOCUMENTED).value == 1
        # Some servers are found by the name in the login, which the client knows the front's of.
        assert listener.logins == [listener.host]
    front.wait_for_no_containers()


def test_a_login_that_is_routed_in_a_circle_ends(make_front):
    front = make_front("--database-encrypt", "optional", *TRUST)
    with TdsServer() as listener:
        listener.login = login_acknowledged() + routing(listener.host, listener.port) + done()
        front.behind_address = listener.address
        front.start()
        assert "the login was routed more than 4 times" in refusal(front)


@pytest.fixture
def executor(make_front):
    """A front whose server keeps a procedure with a script that `reader` may only execute, and how
    to have it started."""

    def start(*reach: str) -> Front:
        front = make_front(*reach, *TRUST).start()
        doubles = script("OutputDataSet = InputDataSet * 2", query="SELECT n FROM kept", clause="WITH RESULT SETS ((n int))")
        with front.behind.connect() as session:
            for batch in [
                "CREATE TABLE kept (n int); INSERT INTO kept VALUES (21)",
                f"CREATE PROCEDURE doubles AS {doubles}",
                f"CREATE LOGIN reader WITH PASSWORD = '{PASSWORD}'; CREATE USER reader FOR LOGIN reader",
                "GRANT EXECUTE ON doubles TO reader; GRANT EXECUTE ANY EXTERNAL SCRIPT TO reader",
                f"CREATE LOGIN definitions WITH PASSWORD = '{PASSWORD}'; GRANT VIEW ANY DEFINITION TO definitions",
            ]:
                session.run(batch).check()
        return front

    return start


def test_a_definition_login_reads_what_a_caller_may_only_execute(executor, tmp_path):
    (tmp_path / "password").write_text(PASSWORD + "\n")
    file = str(tmp_path / "password")
    front = executor("--database-definition-login", "definitions", "--database-definition-password-file", file)
    with front.connect(user="reader") as session:
        assert session.run("SELECT OBJECT_DEFINITION(OBJECT_ID(N'doubles')) AS text").rows == [(None,)]
        # Statements run as the caller, who may not read the table.
        outcome = session.run("EXEC doubles")
        assert outcome.numbers == [229]
        assert "run one by one with the caller's own permissions" in outcome.errors[0].text
        with front.behind.connect() as owner:
            owner.run("GRANT SELECT ON kept TO reader").check()
        # Called by one without a script in it, it is found as well.
        with front.behind.connect() as owner:
            owner.run("CREATE PROCEDURE outermost AS EXEC doubles").check()
            owner.run("GRANT EXECUTE ON outermost TO reader").check()
        assert session.run("EXEC outermost").value == 42
        assert session.run("EXEC doubles").value == 42
        assert session.call("doubles").value == 42
        # The other login has done nothing but read.
        assert session.run("SELECT SUSER_SNAME() AS name").value == "reader"
    front.wait_for_no_containers()


def test_without_one_the_servers_error_is_explained(executor):
    front = executor()
    with front.connect(user="reader") as session:
        for run in (lambda: session.run("EXEC doubles"), lambda: session.call("doubles")):
            outcome = run()
            assert outcome.numbers == [39023]
            assert any("definition_login" in text for text in outcome.texts(0))
        # What goes well is as it was.
        assert session.run("SELECT 1 AS a").messages == []


def test_a_definition_login_that_cannot_log_in_is_no_hindrance(executor, tmp_path):
    (tmp_path / "password").write_text("wrong")
    file = str(tmp_path / "password")
    front = executor("--database-definition-login", "definitions", "--database-definition-password-file", file)
    with front.connect(user="reader") as session:
        outcome = session.run("EXEC doubles")
        assert outcome.numbers == [39023]
        assert any("definition_login" in text for text in outcome.texts(0))
    assert "The definition login can't connect" in front.log_text()
