import EmotionFormerSystem
import EmotionFormerTensors

/// A hidden folder beside a target, `.emotionformer-….partial`, for what is not finished; locked while its writer lives.
///
/// In it: `new`, what is written, or after an exchange what it replaced; `old`, what it replaced where the system has no
/// exchange; and `replaced`, before anything is replaced: the target's name and the names of all files that may be
/// removed. A process that is killed leaves such a folder behind; the next that writes beside it, this library or
/// Tools/outputs, removes it, because nobody holds its lock.
package final class UnfinishedOutput {
    let folder: String
    private let lock: CInt
    var new: String { folder + "/new" }
    var old: String { folder + "/old" }

    /// The folders of this process.
    private static let open = Lock<[String]>([])

    /// - Throws: `writeFailed` if nothing can be made beside the target.
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
            // Whoever tidies up may have taken the folder between its making and its locking.
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

    /// A step that is done whole before `removeAll` comes.
    /// - Returns: 0, or the system's error.
    static func step(_ body: () -> CInt) -> CInt { open.withLock { _ in body() } }

    /// Removes what this process has not finished; whoever still writes waits for the process to end.
    package static func removeAll(then end: () -> Never) -> Never {
        open.withLock { folders -> Never in
            for folder in folders { clear(folder) }
            end()
        }
    }

    /// Says what may be removed, should this process be killed while it replaces the folder of that name.
    /// - Returns: whether it is written.
    func note(target: String, _ names: [String]) -> Bool {
        let bytes = Array(([target] + names).joined(separator: "\0").utf8)
        // Half a note would keep the folder from being removed.
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

    /// The open, locked folder, or −1 if somebody else has it or it is gone.
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

    /// Removes a locked folder. Of what may have been somebody's, only the files that were noted are removed.
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

    /// Removes a folder that this library made, with all that is in it. Links are not followed.
    private static func removeTree(_ folder: String) {
        for name in names(in: folder) {
            let path = "\(folder)/\(name)"
            if unlink(path) != 0 { removeTree(path) }
        }
        rmdir(folder)
    }

    /// Removes the files of these names, then the folders that are empty by that.
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

    /// The names in a folder; none if it cannot be listed.
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

/// Calls whose names are taken where they are needed.
enum SystemCall {
    static func create(_ path: String) -> CInt { open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666) }
    static func openFolder(_ path: String) -> CInt { open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) }
}
