//! Who may work in a data folder, and who may look into it.

use super::*;

#[test]
fn a_second_server_is_told_who_serves_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut first = serve(&data).unwrap();
    first.listens("127.0.0.1:8080".parse().unwrap()).unwrap();
    let refused = serve(&data).unwrap_err().to_string();
    let pid = std::process::id();
    for part in [&format!("process {pid}"), "pages at http://127.0.0.1:8080/", "since 20"] {
        assert!(refused.contains(part), "{refused}");
    }
    drop(first);
    serve(&data).unwrap();
}

#[test]
fn commands_work_beside_a_server_and_beside_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let _server = serve(folder.path()).unwrap();
    let (_one, _other) = (enter(folder.path()).unwrap(), enter(folder.path()).unwrap());
}

#[test]
fn a_folder_is_replaced_only_when_nobody_works_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    let server = serve(data).unwrap();
    assert!(alone(data).unwrap_err().to_string().contains("is served by process"));
    drop(server);
    let command = enter(data).unwrap();
    assert!(alone(data).unwrap_err().to_string().contains("another command of bilan is at work"));
    drop(command);
    let restore = alone(data).unwrap();
    assert!(enter(data).unwrap_err().to_string().contains("is being restored"));
    assert!(serve(data).is_err());
    drop(restore);
    enter(data).unwrap();
}

#[cfg(unix)]
#[test]
fn what_stood_open_to_others_is_closed() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let uploads = data.join("uploads/checked");
    fs::create_dir_all(&uploads).unwrap();
    let files = [data.join("records.db"), data.join("records.db-wal"), uploads.join("1.xlsx")];
    for path in &files {
        fs::write(path, "x").unwrap();
        fs::set_permissions(path, Permissions::from_mode(0o644)).unwrap();
    }
    fs::set_permissions(&data, Permissions::from_mode(0o755)).unwrap();
    let _at_work = enter(&data).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    for folder in [&data, &data.join("uploads"), &uploads] {
        assert_eq!(mode(folder), 0o700, "{}", folder.display());
    }
    for file in &files {
        assert_eq!(mode(file), 0o600, "{}", file.display());
    }
    assert_eq!(mode(&data.join(IN_USE)), 0o600);
}

#[cfg(unix)]
#[test]
fn what_a_link_leads_to_keeps_its_permissions_and_a_folder_behind_a_link_is_closed() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let place = tempfile::tempdir().unwrap();
    let (folder, data, other) = (place.path().join("folder"), place.path().join("data"), place.path().join("other.db"));
    fs::create_dir(&folder).unwrap();
    symlink(&folder, &data).unwrap();
    fs::write(&other, "x").unwrap();
    symlink(&other, data.join("observations.db")).unwrap();
    for mode in [0o644, 0o600] {
        fs::set_permissions(&other, Permissions::from_mode(mode)).unwrap();
        fs::set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
        let _at_work = enter(&data).unwrap();
        let mode_of = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode_of(&other), mode_of(&folder)), (mode, 0o700));
    }
}
