import EmotionFormer
import EmotionFormerCore
import EmotionFormerFiles
import Testing

@Suite("Clips from NumPy archives")
struct ZipClipTests {
    @Test("Stored and deflated archives hold the same clips; arrays that are not clips are passed over")
    func archives() throws {
        for name in ["stored.npz", "deflated.npz"] {
            let clips = try ClipFixtures.clips(name)
            #expect(clips.map(\.name) == ["first", "second"])
            #expect(clips.first?.values == ClipFixtures.values(0..<12))
            #expect(clips.last?.landmarkCount == 12)
            #expect(clips.last?.values == ClipFixtures.values(0..<72))
        }
    }

    @Test("An archive that is cut short or has bytes before it is refused", arguments: ["stored.npz", "deflated.npz"])
    func truncated(name: String) throws {
        let bytes = try ClipFixtures.bytes(inFile: name)
        #expect(ClipFixtures.fault(.npz, bytes) == nil)
        for count in stride(from: 0, to: bytes.count, by: 7) {
            let fault = ClipFixtures.fault(.npz, Array(bytes[..<count]))
            #expect(fault?.code == .malformedClip && fault?.place == "clip", "\(count) bytes")
        }
        let moved = ClipFixtures.fault(.npz, [0] + bytes)
        #expect(moved?.code == .malformedClip && moved?.place == "clip: member 0")
    }

    @Test(
        "No single changed bit traps, and none changes a value unnoticed", arguments: ["stored.npz", "deflated.npz"])
    func flippedBytes(name: String) throws {
        let bytes = try ClipFixtures.bytes(inFile: name)
        let whole = try ClipFormat.npz.clips(bytes, fileName: "clip")
        for index in bytes.indices {
            var changed = bytes
            changed[index] ^= 1 << (index % 8)
            guard let clips = try? ClipFormat.npz.clips(changed, fileName: "clip") else { continue }
            // Names, dates and hints may change; what is read may not.
            #expect(clips.allSatisfy { clip in whole.contains { $0.values == clip.values } }, "byte \(index)")
        }
    }

    @Test("A changed element is found by its checksum")
    func checksum() throws {
        var bytes = try ClipFixtures.bytes(inFile: "stored.npz")
        // The first member's last element stands before the second member's header.
        let header = try #require(
            bytes.indices.dropFirst(4).first { Array(bytes[$0..<min($0 + 4, bytes.count)]) == [0x50, 0x4B, 3, 4] })
        bytes[header - 1] ^= 1
        #expect(ClipFixtures.fault(.npz, bytes)?.code == .checksumMismatch)
    }

    @Test("CRC-32 of the standard's check string")
    func standardChecksum() {
        #expect(CRC32.checksum("123456789".utf8) == 0xCBF4_3926)
    }

    @Test(
        "Broken deflate data is refused",
        arguments: [
            ([], "the data is cut short"), ([0x07], "a block has an unknown type"),
            ([0x01, 0x05, 0x00, 0x00, 0x00], "a stored block's length is broken"),
            ([0x01, 0x05, 0x00, 0xFA, 0xFF, 1], "the data is cut short"), ([0x03], "the data is cut short"),
            ([0x4B, 0x04, 0x02], "the data is cut short"), ([0x03, 0x02, 0x00], "a distance reaches before the data"),
            ([0x05, 0x00], "the data is cut short"),
            ([0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], "a block has an unknown type"),
        ] as [([UInt8], String)])
    func deflate(bytes: [UInt8], problem: String) throws {
        let fault = try #require(throws: Fault.self) {
            try Fault.reading(.malformedClip, Inflate.decode(bytes[...], byteCount: 5))
        }
        #expect(fault.code == .malformedClip && fault.place == "deflate" && fault.problem == problem)
    }

    @Test("Data that makes more or fewer bytes than announced is refused")
    func announcedSize() throws {
        // zlib's raw deflate of "aaaaaaaaaa".
        let bytes: [UInt8] = [0x4B, 0x4C, 0x84, 0x01, 0x00]
        #expect(try Inflate.decode(bytes[...], byteCount: 10) == Array("aaaaaaaaaa".utf8))
        for (count, problem) in [(9, "the data makes more bytes than announced"), (11, "the data ends early")] {
            let fault = try #require(throws: Fault.self) {
                try Fault.reading(.malformedClip, Inflate.decode(bytes[...], byteCount: count))
            }
            #expect(fault.code == .sizeMismatch && fault.place == "deflate" && fault.problem == problem)
        }
    }
}
