package import EmotionFormerCore
import EmotionFormerSystem

/// A new folder beside its target. If anything fails, it is removed.
package struct OutputFolder: ~Copyable {
    private let unfinished: UnfinishedOutput
    private var fileNames: [String]
    private var folders: Set<String>

    /// - Throws: `writeFailed` if the folder cannot be made.
    package init(beside target: String) throws(Fault) {
        let unfinished = try UnfinishedOutput(beside: target)
        let path = unfinished.new
        let failure = UnfinishedOutput.step { mkdir(path, 0o777) == 0 ? 0 : errno }
        guard failure == 0 else {
            errno = failure
            throw Fault(.writeFailed, at: target, "the folder cannot be made", found: lastSystemError())
        }
        // Swift 6.2 destroys twice what the initializer of a noncopyable value has assigned before it throws.
        self.unfinished = unfinished
        fileNames = []
        folders = []
    }

    /// Adds a file whose contents `write` appends, and flushes it to the disk.
    /// - Parameter name: relative to the folder; may lie in a folder of it.
    package mutating func addFile(
        _ name: String, isDurable: Bool = true,
        write: (_ append: (UnsafeRawBufferPointer) throws(Fault) -> Void) throws(Fault) -> Void
    ) throws(Fault) {
        let path = unfinished.new
        if let slash = name.lastIndex(of: "/") {
            let folder = String(name[..<slash])
            if folders.insert(folder).inserted {
                _ = UnfinishedOutput.step { mkdir("\(path)/\(folder)", 0o777) }
            }
        }
        let filePath = "\(path)/\(name)"
        var descriptor: CInt = -1
        let failure = UnfinishedOutput.step {
            descriptor = retrying { SystemCall.create(filePath) }
            return descriptor >= 0 ? 0 : errno
        }
        guard failure == 0 else {
            errno = failure
            throw Fault(.writeFailed, at: filePath, "the file cannot be made", found: lastSystemError())
        }
        fileNames.append(name)
        do throws(Fault) {
            let opened = descriptor
            try write { bytes throws(Fault) in
                try append(bytes, to: opened, filePath)
            }
            guard !isDurable || retrying({ fsync(opened) }) == 0 else {
                throw Fault(
                    .writeFailed, at: filePath, "the file cannot be written to the disk", found: lastSystemError())
            }
        } catch {
            close(descriptor)
            throw error
        }
        guard close(descriptor) == 0 || errno == EINTR else {
            throw Fault(.writeFailed, at: filePath, "the file cannot be written", found: lastSystemError())
        }
    }

    /// Moves the folder to its target, atomically if the system can.
    /// - Parameters:
    ///   - replacing: the names of all files in the existing folder; nil if there is none.
    ///   - inOneStep: whether the system is asked to exchange the two folders; otherwise the old one is renamed first.
    /// - Throws: `writeFailed`; an existing folder is then unchanged.
    package consuming func move(
        to target: String, replacing oldNames: [String]?, inOneStep: Bool = true
    ) throws(Fault) {
        let unfinished = unfinished
        // It is removed, with its contents, when nothing uses it any more.
        defer { withExtendedLifetime(unfinished) {} }
        let new = unfinished.new
        try synchronize(new)
        if let oldNames {
            try OutputPlace(target).giveRights(to: new)
            let name = String(target[(target.lastIndex(of: "/").map(target.index(after:)) ?? target.startIndex)...])
            guard unfinished.note(target: name, oldNames + fileNames) else {
                throw Fault(.writeFailed, at: target, "the new folder cannot be written", found: lastSystemError())
            }
        }
        let changed = CInt.max
        let failure = UnfinishedOutput.step {
            OutputFolder.put(unfinished, target, oldNames, inOneStep: inOneStep, changed: changed)
        }
        guard failure != changed else {
            throw Fault(.writeFailed, at: target, "the existing folder changed while it was being replaced")
        }
        guard failure == 0 else {
            errno = failure
            throw Fault(.writeFailed, at: target, "the new folder cannot be put in place", found: lastSystemError())
        }
        try? synchronize(OutputPlace.parent(of: target))
    }

    /// - Returns: 0, the system's error, or `changed` if the existing folder has changed meanwhile; it is then left in
    ///   place.
    static func put(
        _ unfinished: UnfinishedOutput, _ target: String, _ oldNames: [String]?, inOneStep: Bool, changed: CInt
    ) -> CInt {
        let new = unfinished.new
        guard let oldNames else {
            var status = stat()
            if lstat(target, &status) == 0 { return changed }
            return rename(new, target) == 0 ? 0 : errno
        }
        if inOneStep, exchange(new, target) {
            if FolderFiles(new).differ(from: oldNames) { return exchange(new, target) ? changed : errno }
            UnfinishedOutput.removeFiles(new, oldNames)
            return 0
        }
        let old = unfinished.old
        guard rename(target, old) == 0 else { return errno }
        let isChanged = FolderFiles(old).differ(from: oldNames)
        if !isChanged, rename(new, target) == 0 {
            UnfinishedOutput.removeFiles(old, oldNames)
            return 0
        }
        let failure = isChanged ? changed : errno
        rename(old, target)
        return failure
    }
}

/// Writes all bytes to an open file.
func append(_ bytes: UnsafeRawBufferPointer, to descriptor: CInt, _ path: String) throws(Fault) {
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

/// The relative names of everything in a folder.
struct FolderFiles {
    /// Regular files.
    private(set) var files: [String] = []
    /// Everything that is neither a regular file nor a folder that is not empty.
    private(set) var other: [String] = []
    private static let depthLimit = 4

    init(_ path: String) { collect(path, "", depth: 0) }

    func differ(from names: [String]) -> Bool { !other.isEmpty || Set(files) != Set(names) }

    private mutating func collect(_ path: String, _ prefix: String, depth: Int) {
        let names = UnfinishedOutput.names(in: path)
        if names.isEmpty, depth > 0 { other.append(String(prefix.dropLast())) }
        for name in names {
            var status = stat()
            let kind =
                lstat("\(path)/\(name)", &status) == 0 ? status.st_mode & mode_t(S_IFMT) : mode_t(S_IFCHR)
            if kind == mode_t(S_IFREG) {
                files.append(prefix + name)
            } else if kind == mode_t(S_IFDIR), depth < FolderFiles.depthLimit {
                collect("\(path)/\(name)", "\(prefix)\(name)/", depth: depth + 1)
            } else {
                other.append(prefix + name)
            }
        }
    }
}

/// A kind of folder that a command writes and may replace.
package struct OutputKind: Sendable {
    private let name: String
    private let recognize: @Sendable (_ folder: String) -> (@Sendable (_ relativeName: String) -> Bool)?

    /// - Parameter recognize: for a folder of this kind, which file names belong to it; nil for any other folder.
    package init(
        _ name: String,
        recognize: @escaping @Sendable (_ folder: String) -> (@Sendable (_ relativeName: String) -> Bool)?
    ) {
        self.name = name
        self.recognize = recognize
    }

    /// The target of a folder, and the names of all files that it replaces; nil if the target does not exist.
    /// - Throws: `writeFailed` if the target exists and may not be replaced.
    package func replaceable(at given: String) throws(Fault) -> (path: String, names: [String]?) {
        let place = try OutputPlace(given)
        if case .nothing = place.entry { return (place.path, nil) }
        guard case .folder = place.entry else {
            throw Fault(.writeFailed, at: given, "something that is not a \(name) exists there", found: place.words)
        }
        if place.isCurrentFolder {
            throw Fault(.writeFailed, at: given, "the current folder cannot be replaced", expected: "another folder")
        }
        if place.isMounted {
            throw Fault(
                .writeFailed, at: given, "a file system is mounted there, which cannot be replaced",
                expected: "a folder in it")
        }
        let found = FolderFiles(place.path)
        if found.files.isEmpty, found.other.isEmpty {
            // A folder that cannot be listed looks empty.
            guard access(place.path, R_OK) == 0 else {
                throw Fault(.writeFailed, at: given, "the folder cannot be listed", found: lastSystemError())
            }
            return (place.path, [])
        }
        guard let isOwn = recognize(place.path) else {
            throw Fault(
                .writeFailed, at: given, "a folder that is not a \(name) exists there",
                expected: "a \(name), an empty folder, or nothing")
        }
        if let foreign = (found.files.filter { !isOwn($0) } + found.other).min() {
            throw Fault(
                .writeFailed, at: given, "the existing \(name) contains a file that does not belong to it",
                found: "'\(foreign)'")
        }
        return (place.path, found.files)
    }
}
