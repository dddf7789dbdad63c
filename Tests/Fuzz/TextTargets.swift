import EmotionFormerCore
import EmotionFormerFiles
import EmotionFormerModelFormat

@testable import EmotionFormer

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

extension FuzzTarget {
    /// Decimal numbers, against the C library's.
    static let number = FuzzTarget(name: "number") { bytes in
        let found = DecimalNumber.parse(bytes[...])
        // The C library also takes hexadecimal numbers, leading spaces and NaN's payloads.
        guard bytes.allSatisfy({ (0x30...0x39).contains($0) || [0x2B, 0x2D, 0x2E, 0x45, 0x65].contains($0) }) else {
            return found != nil
        }
        var expected: Double?
        (bytes.map { CChar(bitPattern: $0) } + [0]).withUnsafeBufferPointer { text in
            guard let start = text.baseAddress, !bytes.isEmpty else { return }
            var end: UnsafeMutablePointer<CChar>?
            let value = strtod(start, &end)
            if end == UnsafeMutablePointer(mutating: start + bytes.count) { expected = value }
        }
        guard found?.bitPattern == expected?.bitPattern else {
            finding(
                "'\(String(decoding: bytes, as: UTF8.self))' is read as \(String(describing: found)), and by strtod as \(String(describing: expected))"
            )
        }
        return found != nil
    }

    static let json = FuzzTarget(name: "json") { bytes in
        let value: JSONValue
        do throws(Fault) {
            value = try JSONValue(parsing: bytes)
        } catch {
            error.checkForm()
            return false
        }
        guard let text = try? value.text(), let again = try? JSONValue(parsing: Array(text.utf8)), again == value else {
            finding("json: another value after writing and reading it")
        }
        return true
    }

    /// Deflate, against zlib where the machine has it.
    static let inflate = FuzzTarget(name: "inflate") { bytes in
        let limit = 1 << 16
        let found: [UInt8]?
        do throws(Fault) {
            found = try Fault.reading(.malformedClip, Inflate.decode(bytes[...], atMost: limit))
        } catch {
            error.checkForm()
            found = nil
        }
        if let zlib = Zlib.shared {
            let expected = zlib.inflated(bytes, atMost: limit)
            guard found == expected else {
                finding("inflate: \(found?.count ?? -1) bytes, and \(expected?.count ?? -1) by zlib")
            }
        }
        return found != nil
    }

    /// bzip2, xz and LZMA: what is decoded is what the machine's libraries decode, where it has them.
    static let compressed = FuzzTarget(name: "compressed") { bytes in
        let limit = 1 << 16
        let found: [UInt8]
        do throws(Fault) {
            found = try Fault.reading(.malformedClip, Compression.decompressed(bytes, atMost: limit))
        } catch {
            error.checkForm()
            return false
        }
        if found == bytes { return false }
        if let other = Decoders.shared.decoded(bytes, atMost: limit), other != found {
            finding("compressed: \(found.count) bytes, and \(other.count) by the machine's library")
        }
        return true
    }

    static let pickle = FuzzTarget(name: "pickle") { bytes in
        do throws(Fault) {
            return try !ClassNames.pickled(bytes).isEmpty
        } catch {
            error.checkForm()
            return false
        }
    }
}

/// The system's bzip2 and xz, bound by name.
private struct Decoders {
    private typealias BZip2 =
        @convention(c) (
            UnsafeMutablePointer<UInt8>, UnsafeMutablePointer<CUnsignedInt>, UnsafePointer<UInt8>, CUnsignedInt, CInt,
            CInt
        ) -> CInt
    private typealias XZ =
        @convention(c) (
            UnsafeMutablePointer<UInt64>, UInt32, UnsafeMutableRawPointer?, UnsafePointer<UInt8>,
            UnsafeMutablePointer<Int>,
            Int, UnsafeMutablePointer<UInt8>, UnsafeMutablePointer<Int>, Int
        ) -> CInt

    private let bzip2: BZip2?
    private let xz: XZ?

    static let shared = Decoders()

    private init() {
        func symbol(_ library: String, _ name: String) -> UnsafeMutableRawPointer? {
            dlopen(library, RTLD_NOW).flatMap { dlsym($0, name) }
        }
        bzip2 = symbol("libbz2.so.1.0", "BZ2_bzBuffToBuffDecompress").map { unsafeBitCast($0, to: BZip2.self) }
        xz = symbol("liblzma.so.5", "lzma_stream_buffer_decode").map { unsafeBitCast($0, to: XZ.self) }
    }

    /// nil for what the libraries do not take as one stream, and where there are none.
    func decoded(_ bytes: [UInt8], atMost limit: Int) -> [UInt8]? {
        var output = [UInt8](repeating: 0, count: limit)
        if bytes.starts(with: [0x42, 0x5A, 0x68]), let bzip2 {
            var count = CUnsignedInt(limit)
            guard bzip2(&output, &count, bytes, CUnsignedInt(bytes.count), 0, 0) == 0 else { return nil }
            // The library stops after the first of several streams.
            return bytes.count(where: { $0 == 0x42 }) > 1 ? nil : Array(output[..<Int(count)])
        }
        if bytes.starts(with: [0xFD, 0x37]), let xz {
            var (memory, place, count) = (UInt64(1 << 28), 0, 0)
            let code = xz(&memory, 0, nil, bytes, &place, bytes.count, &output, &count, limit)
            return code == 0 && place == bytes.count ? Array(output[..<count]) : nil
        }
        return nil
    }
}

/// The system's zlib, bound by name.
private struct Zlib {
    private typealias Initialize = @convention(c) (UnsafeMutableRawPointer, CInt, UnsafePointer<CChar>, CInt) -> CInt
    private typealias Step = @convention(c) (UnsafeMutableRawPointer, CInt) -> CInt
    private typealias End = @convention(c) (UnsafeMutableRawPointer) -> CInt

    private let initialize: Initialize
    private let step: Step
    private let end: End

    static let shared = Zlib()

    private init?() {
        guard let library = dlopen("libz.so.1", RTLD_NOW), let initialize = dlsym(library, "inflateInit2_"),
            let step = dlsym(library, "inflate"), let end = dlsym(library, "inflateEnd")
        else { return nil }
        self.initialize = unsafeBitCast(initialize, to: Initialize.self)
        self.step = unsafeBitCast(step, to: Step.self)
        self.end = unsafeBitCast(end, to: End.self)
    }

    /// nil for data that is broken, cut short, followed by bytes, or makes more than so many.
    func inflated(_ bytes: [UInt8], atMost limit: Int) -> [UInt8]? {
        // `z_stream` on 64-bit systems: next_in, avail_in, total_in, next_out, avail_out, total_out, ….
        let stream = UnsafeMutableRawPointer.allocate(byteCount: 112, alignment: 16)
        defer { stream.deallocate() }
        stream.initializeMemory(as: UInt8.self, repeating: 0, count: 112)
        var input = bytes + [0]
        var output = [UInt8](repeating: 0, count: limit + 1)
        guard initialize(stream, -15, "1.2.11", 112) == 0 else { return nil }
        defer { _ = end(stream) }
        var result: CInt = 0
        input.withUnsafeMutableBufferPointer { input in
            output.withUnsafeMutableBufferPointer { output in
                stream.storeBytes(of: input.baseAddress, as: UnsafeMutablePointer<UInt8>?.self)
                stream.storeBytes(of: UInt32(bytes.count), toByteOffset: 8, as: UInt32.self)
                stream.storeBytes(of: output.baseAddress, toByteOffset: 24, as: UnsafeMutablePointer<UInt8>?.self)
                stream.storeBytes(of: UInt32(limit + 1), toByteOffset: 32, as: UInt32.self)
                result = step(stream, 4)
            }
        }
        let isWhole = stream.load(fromByteOffset: 8, as: UInt32.self) == 0
        let count = limit + 1 - Int(stream.load(fromByteOffset: 32, as: UInt32.self))
        guard result == 1, isWhole, count <= limit else { return nil }
        return Array(output[..<count])
    }
}
