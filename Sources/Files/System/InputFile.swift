package import EmotionFormerCore
import EmotionFormerSystem

/// A regular file, open for reading. Symbolic links are followed.
package struct InputFile: ~Copyable {
    private let descriptor: CInt
    /// As errors name it.
    package let path: String
    /// When the file was opened.
    package let byteCount: Int
    /// When the file was opened; nil if it is too young for the system to tell its versions apart.
    package let version: FileVersion?

    /// - Throws: `missingFile` if it does not exist, `unreadableFile` if it cannot be opened or is not a regular file.
    package init(path: String, what: String) throws(Fault) {
        // Without O_NONBLOCK, opening a named pipe would wait for a writer.
        let descriptor = retrying { open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }
        guard descriptor >= 0 else {
            let missing = errno == ENOENT || errno == ENOTDIR
            throw Fault(
                missing ? .missingFile : .unreadableFile, at: path,
                missing ? "there is no \(what)" : "the \(what) cannot be opened",
                found: missing ? nil : lastSystemError())
        }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & mode_t(S_IFMT) == mode_t(S_IFREG) else {
            let isFolder = status.st_mode & mode_t(S_IFMT) == mode_t(S_IFDIR)
            close(descriptor)
            throw Fault(
                .unreadableFile, at: path, "the \(what) is not a regular file", found: isFolder ? "a folder" : nil,
                expected: "a file")
        }
        self.descriptor = descriptor
        self.path = path
        byteCount = Int(status.st_size)
        version = FileVersion(status)
    }

    deinit { close(descriptor) }

    /// Fills the whole buffer with the next bytes of the file.
    /// - Throws: `unreadableFile` if the system reports an error, `sizeMismatch` if the file ends before.
    package func read(into buffer: UnsafeMutableRawBufferPointer) throws(Fault) {
        var filled = 0
        while filled < buffer.count {
            let count = try readSome(UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]))
            guard count > 0 else {
                throw Fault(.sizeMismatch, at: path, "the file became shorter while it was read")
            }
            filled += count
        }
    }

    package func read(into bytes: inout [UInt8]) throws(Fault) {
        try bytes.withUnsafeMutableBytes { buffer in
            Result { () throws(Fault) in try read(into: buffer) }
        }.get()
    }

    /// - Throws: `sizeMismatch` if there is another byte.
    package func checkEnd() throws(Fault) {
        var byte: UInt8 = 0
        let count = try withUnsafeMutableBytes(of: &byte) { buffer in
            Result { () throws(Fault) in try readSome(buffer) }
        }.get()
        guard count == 0 else { throw Fault(.sizeMismatch, at: path, "the file became longer while it was read") }
    }

    /// The whole file, if its size is within a limit.
    package func contents(_ limit: Limits.Name, of limits: Limits) throws(Fault) -> [UInt8] {
        try limits.check(limit, byteCount, at: path, "the file is too long", found: "\(byteCount) bytes")
        return try contents(limit: limits[limit])
    }

    /// The whole file.
    /// - Throws: `limitExceeded` if it has more bytes than `limit`.
    package func contents(limit: Int) throws(Fault) -> [UInt8] {
        guard byteCount <= limit else {
            throw Fault(
                .limitExceeded, at: path, "the file is too long", found: "\(byteCount) bytes",
                expected: "at most \(limit)")
        }
        // Not filled with zeros first: a model has megabytes.
        var result = Result<Void, Fault>.success(())
        let bytes = [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, initialized in
            SystemPages.prepare(UnsafeMutableRawBufferPointer(buffer))
            result = Result { () throws(Fault) in try read(into: UnsafeMutableRawBufferPointer(buffer)) }
            if case .success = result { initialized = byteCount }
        }
        try result.get()
        try checkEnd()
        return bytes
    }

    /// - Returns: the number of bytes read, 0 at the end of the file.
    private func readSome(_ buffer: UnsafeMutableRawBufferPointer) throws(Fault) -> Int {
        // Some systems cannot read 2 GiB or more at once.
        let wanted = min(buffer.count, 1 << 30)
        while true {
            let count = EmotionFormerSystem.read(descriptor, buffer.baseAddress, wanted)
            if count >= 0 { return count }
            guard errno == EINTR else {
                throw Fault(.unreadableFile, at: path, "the file cannot be read", found: lastSystemError())
            }
        }
    }
}

/// Repeats a system call while signals interrupt it.
func retrying(_ call: () -> CInt) -> CInt {
    while true {
        let result = call()
        if result >= 0 || errno != EINTR { return result }
    }
}

/// The text of `errno`.
func lastSystemError() -> String {
    let code = errno
    return strerror(code).map { String(cString: $0) } ?? "error \(code)"
}
