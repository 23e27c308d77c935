"""Who types a line of `td`, its help, and what is wrong with it."""

import pytest

from console.td.command import main


def test_who_it_is_comes_from_the_environment_or_is_the_only_superuser(
    shop, capsys, monkeypatch, django_user_model
):
    monkeypatch.setattr("getpass.getuser", lambda: "nobody-here")
    assert main(["db:list"]) == 1
    assert "-a / --as USERNAME" in capsys.readouterr().err

    monkeypatch.setenv("CONSOLE_USER", "mia")
    assert main(["db:list"]) == 0

    monkeypatch.delenv("CONSOLE_USER")
    django_user_model.objects.create_superuser("root", "r@example.com", "x")
    assert main(["db:list"]) == 0


def test_help_lists_the_commands_and_explains_each(capsys):
    assert main([]) == 0
    assert "job:show" in capsys.readouterr().out

    assert main(["help", "query"]) == 0
    assert "--result" in capsys.readouterr().out


@pytest.mark.parametrize("word", ["job:dance", "dance", "query-all"])
def test_a_command_that_is_not_there_is_said_so(word, capsys):
    with pytest.raises(SystemExit):
        main([word, "3"])

    assert f"'{word}' is not a td command" in capsys.readouterr().err


def test_what_is_wrong_with_a_line_is_one_sentence(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["job:show", "abc"])

    assert ended.value.code == 2
    assert capsys.readouterr().err == (
        "manage.py td job:show: argument job_id: invalid int value: 'abc'. "
        "See 'manage.py td help job:show'.\n"
    )
