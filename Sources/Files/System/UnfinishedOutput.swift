import EmotionFormerCore
import EmotionFormerSystem

/// A hidden folder beside a target, `.emotionformer-….partial`, for unfinished output. It is locked while its writer
/// runs.
///
/// It contains `new`, the output, or after an exchange the replaced target; `old`, the replaced target if the system
/// cannot exchange names; and `replaced`, written before anything is replaced: the target's name and the names of all
/// files that may be removed. A killed process leaves such a folder behind. The next process that writes beside it,
/// this library or the tools in Python, removes it, because its lock is free.
package final class UnfinishedOutput {
    let folder: String
    private let lock: CInt
    var new: String { folder + "/new" }
    var old: String { folder + "/old" }

    /// The folders of this process.
    private static let open = Lock<[String]>([])

    /// - Throws: `writeFailed` if the folder cannot be made.
    init(beside target: String) throws(Fault) {
        let parent = OutputPlace.parent(of: target)
        UnfinishedOutput.removeAbandoned(in: parent)
        while true {
            let digits = String(UInt64.random(in: 0...UInt64.max), radix: 16)
            let path = "\(parent)/.emotionformer-\(String(repeating: "0", count: 16 - digits.count))\(digits).partial"
            var lock: CInt = -1
            let failure = UnfinishedOutput.open.withLock { folders -> CInt in
                guard mkdir(path, 0o700) == 0 else { return errno }
                lock = UnfinishedOutput.locked(path)
                if lock >= 0 { folders.append(path) }
                return 0
            }
            if failure == 0, lock >= 0 {
                folder = path
                self.lock = lock
                return
            }
            // Another process that removes abandoned folders may have taken it before it was locked.
            guard failure == 0 || failure == EEXIST else {
                throw Fault(
                    .writeFailed, at: target, "the folder cannot be made",
                    found: strerror(failure).map { String(cString: $0) })
            }
        }
    }

    deinit {
        UnfinishedOutput.open.withLock { folders in
            UnfinishedOutput.clear(folder)
            folders.removeAll { $0 == folder }
        }
        close(lock)
    }

    /// Runs a step that `removeAll` must not interrupt.
    /// - Returns: 0, or the system's error.
    static func step(_ body: () -> CInt) -> CInt { open.withLock { _ in body() } }

    /// Removes all unfinished output of this process, and blocks all writers until the process ends.
    package static func removeAll(then end: () -> Never) -> Never {
        open.withLock { folders -> Never in
            for folder in folders { clear(folder) }
            end()
        }
    }

    /// Records which files may be removed if this process is killed while it replaces the target.
    /// - Returns: whether the record was written.
    func note(target: String, _ names: [String]) -> Bool {
        let bytes = Array(([target] + names).joined(separator: "\0").utf8)
        // A partial record would keep the folder from being removed.
        let half = folder + "/note"
        let whole = folder + "/replaced"
        return UnfinishedOutput.step {
            let descriptor = retrying { SystemCall.create(half) }
            guard descriptor >= 0 else { return errno }
            let isWritten =
                bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) } == bytes.count
                && retrying { fsync(descriptor) } == 0
            close(descriptor)
            return isWritten && rename(half, whole) == 0 ? 0 : errno
        } == 0
    }

    private static func removeAbandoned(in parent: String) {
        for name in names(in: parent) where isName(name) {
            let folder = "\(parent)/\(name)"
            var status = stat()
            guard lstat(folder, &status) == 0, status.st_mode & mode_t(S_IFMT) == mode_t(S_IFDIR),
                status.st_uid == geteuid()
            else { continue }
            let lock = locked(folder)
            guard lock >= 0 else { continue }
            clear(folder)
            close(lock)
        }
    }

    private static func isName(_ name: String) -> Bool {
        let prefix = ".emotionformer-"
        guard name.hasPrefix(prefix), name.hasSuffix(".partial") else { return false }
        let digits = name.utf8.dropFirst(prefix.utf8.count).dropLast(8)
        return digits.count == 16
            && digits.allSatisfy {
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                    || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
            }
    }

    /// The descriptor of the open, locked folder, or −1 if another process has the lock or the folder is gone.
    private static func locked(_ folder: String) -> CInt {
        let descriptor = retrying { SystemCall.openFolder(folder) }
        guard descriptor >= 0 else { return -1 }
        var held = stat()
        var named = stat()
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0, fstat(descriptor, &held) == 0, lstat(folder, &named) == 0,
            held.st_dev == named.st_dev, held.st_ino == named.st_ino
        else {
            close(descriptor)
            return -1
        }
        return descriptor
    }

    /// Removes a locked folder. Of a replaced target, only recorded files are removed.
    private static func clear(_ folder: String) {
        let note = "\(folder)/replaced"
        guard let bytes = try? InputFile(path: note, what: "note").contents(limit: 1 << 28) else {
            removeTree(folder)
            return
        }
        var names = bytes.split(separator: 0, omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
        let target = "\(OutputPlace.parent(of: folder))/\(names.removeFirst())"
        var status = stat()
        if lstat("\(folder)/old", &status) == 0, lstat(target, &status) != 0 { rename("\(folder)/old", target) }
        for part in UnfinishedOutput.names(in: folder) where part != "replaced" {
            removeFiles("\(folder)/\(part)", names)
        }
        guard UnfinishedOutput.names(in: folder) == ["replaced"] else { return }
        unlink(note)
        rmdir(folder)
    }

    /// Removes a folder that this library made, with its contents. Links are not followed.
    private static func removeTree(_ folder: String) {
        for name in names(in: folder) {
            let path = "\(folder)/\(name)"
            if unlink(path) != 0 { removeTree(path) }
        }
        rmdir(folder)
    }

    /// Removes the files with these names, then the folders that have become empty.
    static func removeFiles(_ folder: String, _ names: [String]) {
        var folders: Set<String> = []
        for name in names {
            unlink("\(folder)/\(name)")
            var rest = name
            while let slash = rest.lastIndex(of: "/") {
                rest = String(rest[..<slash])
                folders.insert(rest)
            }
        }
        for name in folders.sorted(by: { $0.utf8.count > $1.utf8.count }) { rmdir("\(folder)/\(name)") }
        rmdir(folder)
    }

    /// The names in a folder; empty if it cannot be listed.
    static func names(in path: String) -> [String] {
        guard let folder = opendir(path) else { return [] }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: pointer.pointee)) {
                    String(cString: $0)
                }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names
    }
}

/// System calls whose names are shadowed where they are used.
enum SystemCall {
    static func create(_ path: String) -> CInt { open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666) }
    static func openFolder(_ path: String) -> CInt { open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) }
}
