package import EmotionFormerCore
import EmotionFormerSystem

/// The target of an output, with all symbolic links followed, and what exists there. A link stays a link; its target is
/// written.
package struct OutputPlace: Sendable {
    enum Entry: Sendable {
        case nothing, folder, file, pipe, socket, device, disk, other
    }

    /// As it was given.
    let given: String
    let path: String
    let entry: Entry
    /// The permissions and the owner of the existing target.
    let mode: mode_t
    let owner: (user: uid_t, group: gid_t)
    /// Whether the path is that of an open file (/dev/stdout, /dev/fd/3).
    let isDescriptor: Bool

    private static let linkLimit = 40

    /// - Throws: `writeFailed` for a path that cannot be looked up.
    package init(_ given: String) throws(Fault) {
        var path = OutputPlace.withoutEndingSlashes(given)
        var status = stat()
        var links = 0
        var isDescriptor = false
        var isThere = false
        while true {
            let folder = OutputPlace.resolved(OutputPlace.parent(of: path)) ?? ""
            if folder == "/dev/fd" || folder.hasPrefix("/proc/") { isDescriptor = true }
            isThere = (isDescriptor ? stat(path, &status) : lstat(path, &status)) == 0
            guard isThere || errno == ENOENT || errno == ENOTDIR else {
                throw Fault(.writeFailed, at: given, "the path cannot be looked up", found: lastSystemError())
            }
            guard isThere, !isDescriptor, status.st_mode & mode_t(S_IFMT) == mode_t(S_IFLNK) else { break }
            links += 1
            guard links <= OutputPlace.linkLimit, let text = OutputPlace.link(path) else {
                throw Fault(.writeFailed, at: given, "the target is a symbolic link that leads to itself")
            }
            path = OutputPlace.withoutEndingSlashes(text.hasPrefix("/") ? text : "\(folder)/\(text)")
        }
        if !isDescriptor {
            if isThere {
                path = OutputPlace.resolved(path) ?? path
            } else if let folder = OutputPlace.resolved(OutputPlace.parent(of: path)) {
                path = (folder == "/" ? "" : folder) + "/" + (path.split(separator: "/").last ?? "")
            }
        }
        self.given = given
        self.path = path
        self.isDescriptor = isDescriptor
        mode = isThere ? status.st_mode & 0o777 : 0
        owner = (status.st_uid, status.st_gid)
        entry = isThere ? OutputPlace.entry(status.st_mode) : .nothing
    }

    private static func entry(_ mode: mode_t) -> Entry {
        switch mode & mode_t(S_IFMT) {
        case mode_t(S_IFDIR): .folder
        case mode_t(S_IFREG): .file
        case mode_t(S_IFIFO): .pipe
        case mode_t(S_IFSOCK): .socket
        case mode_t(S_IFCHR): .device
        case mode_t(S_IFBLK): .disk
        default: .other
        }
    }

    /// A description of the existing target.
    var words: String {
        switch entry {
        case .nothing: "nothing"
        case .folder: "a folder"
        case .file: "a file"
        case .pipe: "a pipe"
        case .socket: "a socket"
        case .device, .disk: "a device"
        case .other: "something else"
        }
    }

    var folder: String { OutputPlace.parent(of: path) }

    /// Whether the path is a mount point or the root, which cannot be renamed.
    var isMounted: Bool {
        var here = stat()
        var above = stat()
        guard lstat(path, &here) == 0, lstat(folder, &above) == 0 else { return false }
        return here.st_dev != above.st_dev || here.st_ino == above.st_ino
    }

    var isCurrentFolder: Bool {
        var here = stat()
        var current = stat()
        guard lstat(path, &here) == 0, stat(".", &current) == 0 else { return false }
        return here.st_dev == current.st_dev && here.st_ino == current.st_ino
    }

    /// Gives the owner (if permitted) and the permissions of the existing target to its replacement.
    func giveRights(to path: String) {
        _ = chown(path, owner.user, owner.group)
        _ = chmod(path, mode)
    }

    static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    private static func withoutEndingSlashes(_ path: String) -> String {
        var path = path
        while path.utf8.count > 1, path.hasSuffix("/") { path.removeLast() }
        return path
    }

    private static func resolved(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    private static func link(_ path: String) -> String? {
        var bytes = [CChar](repeating: 0, count: 4096)
        let count = readlink(path, &bytes, bytes.count)
        return count > 0 ? String(decoding: bytes[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self) : nil
    }
}

/// Flushes a file or folder to the disk, if the file system can.
func synchronize(_ path: String) throws(Fault) {
    let descriptor = retrying { open(path, O_RDONLY | O_CLOEXEC) }
    guard descriptor >= 0 else {
        throw Fault(.writeFailed, at: path, "the folder cannot be opened", found: lastSystemError())
    }
    defer { close(descriptor) }
    // Some file systems cannot synchronize folders and report EINVAL.
    guard retrying({ fsync(descriptor) }) == 0 || errno == EINVAL else {
        throw Fault(.writeFailed, at: path, "the folder cannot be written to the disk", found: lastSystemError())
    }
}

/// Exchanges the names of two entries of a file system atomically; false if that is not supported.
func exchange(_ first: String, _ second: String) -> Bool {
    #if canImport(Darwin)
        return renamex_np(first, second, UInt32(RENAME_SWAP)) == 0
    #elseif canImport(Glibc)
        // The C library has the function, but its Swift module does not declare it.
        typealias Rename =
            @convention(c) (CInt, UnsafePointer<CChar>, CInt, UnsafePointer<CChar>, CUnsignedInt) -> CInt
        guard let symbol = dlsym(nil, "renameat2") else { return false }
        let renameExchange: CUnsignedInt = 2
        return unsafeBitCast(symbol, to: Rename.self)(AT_FDCWD, first, AT_FDCWD, second, renameExchange) == 0
    #else
        return false
    #endif
}
