package import EmotionFormerCore
import EmotionFormerSystem

/// Where bytes come from: a regular file, a pipe, or standard input, whatever it is.
package enum ByteSource {
    case path(String)
    case standardInput

    /// Reads everything into memory.
    /// - Parameters:
    ///   - limit: the most bytes of a regular file; its size is checked before anything is read.
    ///   - streamLimit: the most bytes of a source whose size is not known in advance.
    /// - Throws: `missingFile`; `unreadableFile` for a folder or a device; `limitExceeded`.
    package func bytes(limit: Int = 1 << 32, streamLimit: Int = 1 << 30) throws(Fault) -> [UInt8] {
        switch self {
        case .standardInput:
            return try ByteSource.readAll(0, name: "standard input", limit, streamLimit)
        case .path(let path):
            let descriptor = try ByteSource.openFile(path)
            defer { close(descriptor) }
            return try ByteSource.readAll(descriptor, name: path, limit, streamLimit)
        }
    }

    /// - Throws: `missingFile`, `unreadableFile` if the path cannot be opened; nothing is read.
    package static func check(_ path: String) throws(Fault) {
        let descriptor = try openFile(path, flags: O_NONBLOCK)
        close(descriptor)
    }

    /// Opens a regular file or a pipe; for a pipe, waits until the other end is open.
    /// - Throws: `missingFile`; `unreadableFile` for anything else: reading a device may never end, or may have
    ///   effects.
    package static func openFile(_ path: String, flags: Int32 = 0) throws(Fault) -> Int32 {
        guard !path.utf8.contains(0) else {
            throw Fault(.invalidArgument, at: path, "the file name contains a null character")
        }
        // Checked before opening, because opening a device can have effects.
        var status = stat()
        guard stat(path, &status) == 0 else { throw fault(errno, path) }
        try check(status, path)
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | flags)
        guard descriptor >= 0 else { throw fault(errno, path) }
        do throws(Fault) {
            guard fstat(descriptor, &status) == 0 else { throw fault(errno, path) }
            try check(status, path)
        } catch {
            close(descriptor)
            throw error
        }
        return descriptor
    }

    private static func check(_ status: stat, _ path: String) throws(Fault) {
        switch status.st_mode & S_IFMT {
        case S_IFREG, S_IFIFO: return
        case S_IFDIR: throw fault(EISDIR, path)
        default: throw Fault(.unreadableFile, at: path, "this is a device or socket", expected: "a file or a pipe")
        }
    }

    private static func readAll(
        _ descriptor: Int32, name: String, _ limit: Int, _ streamLimit: Int
    ) throws(Fault) -> [UInt8] {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw fault(errno, name) }
        guard status.st_mode & S_IFMT != S_IFDIR else { throw fault(EISDIR, name) }
        let isFile = status.st_mode & S_IFMT == S_IFREG
        let limit = isFile ? limit : streamLimit
        func tooLong(_ found: String?) -> Fault {
            Fault(
                .limitExceeded, at: name, isFile ? "the file is too long" : "the stream is too long", found: found,
                expected: "at most \(limit) bytes")
        }
        // A sparse file can have any size.
        if isFile, Int(status.st_size) > limit { throw tooLong("\(status.st_size) bytes") }
        // One byte more than the declared size, to notice the end of the file.
        var step = isFile ? min(max(4096, Int(status.st_size) &+ 1), 1 << 26) : 1 << 16
        var bytes = try piece(of: descriptor, step, name)
        var isAtEnd = bytes.count < step
        while !isAtEnd {
            guard bytes.count <= limit else { throw tooLong(nil) }
            step = min(step &* 2, 1 << 26)
            let next = try piece(of: descriptor, step, name)
            isAtEnd = next.count < step
            bytes.append(contentsOf: next)
        }
        guard bytes.count <= limit else { throw tooLong(nil) }
        return bytes
    }

    /// The next bytes, fewer than `byteCount` only at the end.
    private static func piece(of descriptor: Int32, _ byteCount: Int, _ name: String) throws(Fault) -> [UInt8] {
        var failure: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, count in
            while count < byteCount {
                let result = systemRead(descriptor, UnsafeMutableBufferPointer(rebasing: buffer[count..<byteCount]))
                if result > 0 {
                    count += result
                } else if result == 0 || errno != EINTR {
                    if result < 0 { failure = errno }
                    return
                }
            }
        }
        guard failure == 0 else { throw fault(failure, name) }
        return bytes
    }

    /// The bytes that are available, at least one, waiting if necessary; empty at the end.
    package static func read(_ descriptor: Int32, atMost limit: Int, name: String) throws(Fault) -> [UInt8] {
        var failure: Int32 = 0
        let chunk = [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
            var result = systemRead(descriptor, buffer)
            while result < 0, errno == EINTR { result = systemRead(descriptor, buffer) }
            if result < 0 { failure = errno }
            count = max(0, result)
        }
        guard failure == 0 else { throw fault(failure, name) }
        return chunk
    }

    private static func systemRead(_ descriptor: Int32, _ buffer: UnsafeMutableBufferPointer<UInt8>) -> Int {
        EmotionFormerSystem.read(descriptor, buffer.baseAddress, buffer.count)
    }

    private static func fault(_ number: Int32, _ name: String) -> Fault {
        switch number {
        case ENOENT, ENOTDIR: Fault(.missingFile, at: name, "there is no such file")
        case EACCES, EPERM: Fault(.unreadableFile, at: name, "the file may not be read (permission denied)")
        case EISDIR: Fault(.unreadableFile, at: name, "this is a folder", expected: "a file")
        default: Fault(.unreadableFile, at: name, "the file cannot be read (system error \(number))")
        }
    }
}
