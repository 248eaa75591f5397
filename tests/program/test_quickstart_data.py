"""What a newcomer tries must not change what is there already."""


def test_quickstart_leaves_a_data_folder_alone(launchpod, tmp_path):
    launchpod("quickstart", "--data-dir", tmp_path / "data")
    assert not (tmp_path / "data").exists()
