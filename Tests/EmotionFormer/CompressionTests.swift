import EmotionFormerCore
import EmotionFormerFiles
import Testing

/// Files by Python's bz2 and lzma modules; `Fixtures/compressed/make_compressed.py` wrote them.
@Suite("bzip2, LZMA and xz")
struct CompressionTests {
    private static func bytes(_ file: String) throws -> [UInt8] {
        try ClipFixtures.bytes(inFile: "compressed/\(file)")
    }

    private static func outcome(_ bytes: [UInt8], atMost limit: Int = 1 << 20) -> Result<[UInt8], Fault> {
        Result { () throws(Fault) in
            try Fault.reading(.invalidValue, Compression.decompressed(bytes, atMost: limit))
        }
    }

    private static func fault(_ bytes: [UInt8], atMost limit: Int = 1 << 20) -> Fault? {
        if case .failure(let fault) = outcome(bytes, atMost: limit) { fault } else { nil }
    }

    private static let files = [
        "small-blocks.bz2", "two-streams.bz2", "alone.lzma", "sized.lzma", "none.xz", "crc32.xz", "crc64.xz",
        "sha256.xz", "two-streams.xz", "properties.xz",
    ]

    @Test("Files give what they were made of", arguments: files)
    func contents(file: String) throws {
        let plain = try Self.bytes("plain.bin")
        #expect(try Self.outcome(Self.bytes(file)).get() == plain)
        // To the byte: a limit of their size is enough, one less is not.
        #expect(try Self.outcome(Self.bytes(file), atMost: plain.count).get() == plain)
        #expect(try Self.fault(Self.bytes(file), atMost: plain.count - 1)?.code == .sizeMismatch)
    }

    @Test("Files of nothing, and chunks that are not compressed")
    func special() throws {
        for file in ["empty.bz2", "empty.xz"] { #expect(try Self.outcome(Self.bytes(file)).get().isEmpty) }
        let noise = (0..<512).map { (index: Int) -> UInt8 in
            let product = index * 7919 % 257 * (index % 31)
            return UInt8(product % 256)
        }
        #expect(try Self.outcome(Self.bytes("noise.xz")).get() == noise)
        // The first chunk: bytes as they are, with a new dictionary.
        #expect(try Self.bytes("noise.xz")[24] == 1)
    }

    @Test("Few bytes that make many are refused at the limit", arguments: ["zeros.bz2", "zeros.lzma", "zeros.xz"])
    func bombs(file: String) throws {
        let bytes = try Self.bytes(file)
        #expect(bytes.count < 4096)
        let fault = try #require(Self.fault(bytes))
        #expect(fault.code == .sizeMismatch)
        #expect(fault.expected == "1048576")
    }

    @Test("What these readers do not read is named")
    func unsupported() throws {
        let delta = try #require(try Self.fault(Self.bytes("delta.xz")))
        #expect(delta.code == .unsupportedAttribute && delta.found == "filter 3", "\(delta)")
        // The bit of a block that says that it is shuffled.
        var shuffled = try Self.bytes("small-blocks.bz2")
        shuffled[14] |= 0x80
        #expect(Self.fault(shuffled)?.code == .unsupportedAttribute)
    }

    @Test("Every beginning of a file is refused, but for whole streams", arguments: files)
    func truncation(file: String) throws {
        let (bytes, plain) = (try Self.bytes(file), try Self.bytes("plain.bin"))
        var wholeStreams = 0
        for length in Self.places(bytes.count) {
            guard case .success(let contents) = Self.outcome(Array(bytes[..<length])) else { continue }
            // Too short to be recognized as compressed.
            if contents.count == length, length < 6 { continue }
            #expect(file.hasPrefix("two-streams") && contents == Array(plain[..<700]), "\(length)")
            wholeStreams += 1
        }
        #expect(wholeStreams <= 2)
    }

    @Test("No changed bit does harm, and a file with checksums gives no other contents", arguments: files)
    func damage(file: String) throws {
        let (bytes, plain) = (try Self.bytes(file), try Self.bytes("plain.bin"))
        let hasChecksum = !file.hasSuffix("lzma") && file != "none.xz"
        var refused = 0
        let places = Self.places(bytes.count)
        for index in places {
            var changed = bytes
            changed[index] ^= 1 << UInt8(index % 8)
            switch Self.outcome(changed) {
            case .success(let contents):
                // Bits that no decoder looks at, or a file that is not compressed any more.
                #expect(!hasChecksum || contents == plain || contents == changed, "\(index)")
            case .failure(let fault):
                refused += 1
                #expect(!fault.description.contains("\n"))
            }
        }
        #expect(refused > places.count / 2)
    }

    /// Places in a file of so many bytes: all near its ends, and some between them.
    private static func places(_ count: Int) -> [Int] {
        (4..<count).filter { $0 < 60 || $0 >= count - 60 || $0.isMultiple(of: 23) }
    }

    @Test("A wrong checksum is called one")
    func checksums() throws {
        for file in ["crc32.xz", "crc64.xz", "sha256.xz"] {
            var bytes = try Self.bytes(file)
            // The last byte of the block's checksum; an index and a footer of 12 bytes each follow.
            bytes[bytes.count - 25] ^= 1
            #expect(Self.fault(bytes)?.code == .checksumMismatch, "\(file)")
        }
        var bytes = try Self.bytes("small-blocks.bz2")
        bytes[10] ^= 1
        #expect(Self.fault(bytes)?.code == .checksumMismatch)
    }

    @Test("CRC-64 is that of ECMA-182, reflected")
    func crc64() {
        // The check value that catalogs of checksums give for "123456789".
        #expect(CRC64.checksum(Array("123456789".utf8)) == 0x995D_C9BB_DF19_39FA)
    }
}
