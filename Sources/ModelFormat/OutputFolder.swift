import EmotionFormerTensors

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Android)
    import Android
#endif

/// A new folder beside the one that it shall become; whatever fails, it is gone afterwards.
struct OutputFolder: ~Copyable {
    private let path: String
    private var fileNames: [String] = []
    private var isInPlace = false

    /// - Throws: `writeFailed` if the folder cannot be made.
    init(beside target: String) throws(Fault) {
        while true {
            let path = "\(target).\(String(UInt32.random(in: 0...UInt32.max), radix: 36)).partial"
            if mkdir(path, 0o777) == 0 {
                self.path = path
                return
            }
            guard errno == EEXIST else {
                throw Fault(.writeFailed, at: target, "the folder cannot be made", found: lastSystemError())
            }
        }
    }

    deinit {
        if isInPlace { return }
        OutputFolder.remove(path, fileNames)
    }

    /// Removes what the package's own code has made, and nothing else.
    static func remove(_ folder: String, _ fileNames: [String]) {
        for name in fileNames { unlink("\(folder)/\(name)") }
        rmdir(folder)
    }

    /// A file that `write` fills and that is on the disk afterwards.
    mutating func addFile(
        _ name: String, write: (_ append: (UnsafeRawBufferPointer) throws(Fault) -> Void) throws(Fault) -> Void
    ) throws(Fault) {
        let filePath = "\(path)/\(name)"
        let descriptor = retrying { open(filePath, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666) }
        guard descriptor >= 0 else {
            throw Fault(.writeFailed, at: filePath, "the file cannot be made", found: lastSystemError())
        }
        fileNames.append(name)
        do throws(Fault) {
            try write { bytes throws(Fault) in
                try OutputFolder.append(bytes, to: descriptor, filePath)
            }
            try OutputFolder.synchronize(descriptor, filePath)
        } catch {
            close(descriptor)
            throw error
        }
        guard close(descriptor) == 0 || errno == EINTR else {
            throw Fault(.writeFailed, at: filePath, "the file cannot be written", found: lastSystemError())
        }
    }

    private static func append(
        _ bytes: UnsafeRawBufferPointer, to descriptor: CInt, _ path: String
    ) throws(Fault) {
        var rest = bytes
        while !rest.isEmpty {
            let count = write(descriptor, rest.baseAddress, min(rest.count, 1 << 30))
            if count < 0 {
                if errno == EINTR { continue }
                throw Fault(.writeFailed, at: path, "the file cannot be written", found: lastSystemError())
            }
            rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
        }
    }

    private static func synchronize(_ descriptor: CInt, _ path: String) throws(Fault) {
        guard retrying({ fsync(descriptor) }) == 0 else {
            throw Fault(.writeFailed, at: path, "the file cannot be written to the disk", found: lastSystemError())
        }
    }

    /// Puts the folder where the target is, in one step where the system can.
    /// - Parameters:
    ///   - replacing: the names of the files in the folder that stands there; nil if there is none.
    ///   - inOneStep: whether the system is asked to exchange the two folders; otherwise the old one is renamed first.
    /// - Throws: `writeFailed`; the folder that stood there is there still.
    consuming func move(to target: String, replacing oldNames: [String]?, inOneStep: Bool = true) throws(Fault) {
        try synchronizeFolder(path)
        guard let oldNames else {
            guard rename(path, target) == 0 else { throw OutputFolder.renameFault(target) }
            isInPlace = true
            try? synchronizeFolder(OutputFolder.parent(of: target))
            return
        }
        if inOneStep, exchange(path, target) {
            // What is at the path now is the old package.
            isInPlace = true
        } else {
            let aside = "\(path).old"
            guard rename(target, aside) == 0 else { throw OutputFolder.renameFault(target) }
            guard rename(path, target) == 0 else {
                let fault = OutputFolder.renameFault(target)
                rename(aside, target)
                throw fault
            }
            isInPlace = true
            OutputFolder.remove(aside, oldNames)
        }
        try? synchronizeFolder(OutputFolder.parent(of: target))
        OutputFolder.remove(path, oldNames)
    }

    private static func renameFault(_ target: String) -> Fault {
        Fault(.writeFailed, at: target, "the new folder cannot be put in place", found: lastSystemError())
    }

    /// Whether two folders have changed places; false if the system or the file system cannot do that.
    private borrowing func exchange(_ first: String, _ second: String) -> Bool {
        #if canImport(Darwin)
            return renamex_np(first, second, UInt32(RENAME_SWAP)) == 0
        #elseif canImport(Glibc)
            // The C library has the function, but its module does not show it.
            typealias Rename =
                @convention(c) (CInt, UnsafePointer<CChar>, CInt, UnsafePointer<CChar>, CUnsignedInt)
                -> CInt
            guard let symbol = dlsym(nil, "renameat2") else { return false }
            let renameExchange: CUnsignedInt = 2
            return unsafeBitCast(symbol, to: Rename.self)(AT_FDCWD, first, AT_FDCWD, second, renameExchange) == 0
        #else
            return false
        #endif
    }

    private borrowing func synchronizeFolder(_ path: String) throws(Fault) {
        let descriptor = retrying { open(path, O_RDONLY | O_CLOEXEC) }
        guard descriptor >= 0 else {
            throw Fault(.writeFailed, at: path, "the folder cannot be opened", found: lastSystemError())
        }
        defer { close(descriptor) }
        // Some file systems do not synchronise folders, and say EINVAL.
        guard retrying({ fsync(descriptor) }) == 0 || errno == EINVAL else {
            throw Fault(.writeFailed, at: path, "the folder cannot be written to the disk", found: lastSystemError())
        }
    }

    private static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}

/// What stands at a path.
enum FolderEntry {
    case nothing, other
    case folder(names: [String])

    /// - Throws: `unreadableFile` if a folder cannot be listed.
    init(at path: String) throws(Fault) {
        var status = stat()
        guard stat(path, &status) == 0 else {
            guard errno == ENOENT else {
                throw Fault(.unreadableFile, at: path, "the path cannot be looked up", found: lastSystemError())
            }
            self = .nothing
            return
        }
        guard status.st_mode & mode_t(S_IFMT) == mode_t(S_IFDIR) else {
            self = .other
            return
        }
        guard let folder = opendir(path) else {
            throw Fault(.unreadableFile, at: path, "the folder cannot be listed", found: lastSystemError())
        }
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
        self = .folder(names: names)
    }
}

/// The path without symbolic links and trailing slashes, where something stands there.
func resolvedPath(_ path: String) -> String {
    if let resolved = realpath(path, nil) {
        defer { free(resolved) }
        return String(cString: resolved)
    }
    var path = path
    while path.count > 1, path.hasSuffix("/") { path.removeLast() }
    return path
}
