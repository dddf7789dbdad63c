package import EmotionFormerCore
import EmotionFormerSystem

/// A file that is written atomically.
package struct OutputFile: Sendable {
    let place: OutputPlace
    let what: String
    private let recognize: @Sendable (_ start: [UInt8]) -> Bool

    /// Checks the target; nothing is written.
    /// - Parameters:
    ///   - what: the kind of file, for messages: a page.
    ///   - recognize: whether a file with these first bytes is of the same kind and may be replaced. An empty file may
    ///     always be.
    /// - Throws: `writeFailed` if the target can neither be replaced nor be written to.
    package init(
        _ path: String, what: String, recognize: @escaping @Sendable (_ start: [UInt8]) -> Bool
    ) throws(Fault) {
        place = try OutputPlace(path)
        self.what = what
        self.recognize = recognize
        try check(place)
    }

    func check(_ place: OutputPlace) throws(Fault) {
        let given = place.given
        switch place.entry {
        case .folder:
            throw Fault(.writeFailed, at: given, "this is a folder", expected: "the name of a \(what)")
        case .disk, .other, .socket:
            throw Fault(.writeFailed, at: given, "a \(what) cannot be written there", found: place.words)
        case .pipe, .device: return
        case .nothing:
            var status = stat()
            guard stat(place.folder, &status) == 0, status.st_mode & mode_t(S_IFMT) == mode_t(S_IFDIR) else {
                throw Fault(.writeFailed, at: given, "there is no folder to write the \(what) into")
            }
            if given.hasSuffix("/") {
                throw Fault(.writeFailed, at: given, "this names a folder", expected: "the name of a \(what)")
            }
        case .file:
            if place.isDescriptor { return }
            guard access(place.path, W_OK) == 0 else {
                throw Fault(
                    .writeFailed, at: given, "the existing file may not be written", found: lastSystemError())
            }
            guard try isKnown(place) else {
                throw Fault(
                    .writeFailed, at: given, "a file that is not a \(what) exists there, and is not replaced",
                    expected: "an older \(what), an empty file, or nothing")
            }
        }
    }

    private func isKnown(_ place: OutputPlace) throws(Fault) -> Bool {
        let file = try InputFile(path: place.path, what: what)
        guard file.byteCount > 0 else { return true }
        var start = [UInt8](repeating: 0, count: min(file.byteCount, 4096))
        try file.read(into: &start)
        return recognize(start)
    }

    /// Writes the file and renames it to its target; a pipe or a device is written to.
    /// - Throws: `writeFailed`; an existing file is then unchanged.
    package func write(_ bytes: [UInt8]) throws(Fault) {
        let now = try OutputPlace(place.given)
        try check(now)
        switch now.entry {
        case .nothing,
            .file where !now.isDescriptor:
            try replace(now, bytes)
        default: try writeInto(now, bytes)
        }
    }

    private func replace(_ place: OutputPlace, _ bytes: [UInt8]) throws(Fault) {
        let unfinished = try UnfinishedOutput(beside: place.path)
        // It is removed, with its contents, when nothing uses it any more.
        defer { withExtendedLifetime(unfinished) {} }
        let new = unfinished.new
        var descriptor: CInt = -1
        let failure = UnfinishedOutput.step {
            descriptor = retrying { SystemCall.create(new) }
            return descriptor >= 0 ? 0 : errno
        }
        guard failure == 0 else { throw fault("the \(what) cannot be written", failure) }
        do throws(Fault) {
            let opened = descriptor
            try bytes.withUnsafeBytes { buffer in
                Result { () throws(Fault) in try append(buffer, to: opened, place.given) }
            }.get()
            guard retrying({ fsync(opened) }) == 0 else { throw fault("the \(what) cannot be written", errno) }
        } catch {
            close(descriptor)
            throw error
        }
        guard close(descriptor) == 0 || errno == EINTR else { throw fault("the \(what) cannot be written", errno) }
        if case .file = place.entry { place.giveRights(to: new) }
        let moved = UnfinishedOutput.step { rename(new, place.path) == 0 ? 0 : errno }
        guard moved == 0 else { throw fault("the \(what) cannot be put in place", moved) }
        try? synchronize(place.folder)
    }

    private func writeInto(_ place: OutputPlace, _ bytes: [UInt8]) throws(Fault) {
        // Without O_NONBLOCK, a pipe would wait for a reader for ever.
        let descriptor = retrying {
            open(place.path, O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
        }
        guard descriptor >= 0 else { throw fault("\(place.words) is there that cannot be written to", errno) }
        defer { close(descriptor) }
        _ = fcntl(descriptor, F_SETFL, O_APPEND)
        try bytes.withUnsafeBytes { buffer in
            Result { () throws(Fault) in try append(buffer, to: descriptor, place.given) }
        }.get()
    }

    func fault(_ words: String, _ number: CInt) -> Fault {
        Fault(.writeFailed, at: place.given, words, found: strerror(number).map { String(cString: $0) })
    }
}
