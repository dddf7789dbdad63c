import EmotionFormer
import EmotionFormerCore
import EmotionFormerFiles
import Testing

/// What a small clip file may make of itself.
@Suite("Memory that clip files take")
struct ClipMemoryTests {
    /// Deflate data of zeros: nearly a thousand for each byte.
    private static func deflatedZeros(_ count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        var (buffer, filled) = (0, 0)
        func put(_ bits: Int, _ count: Int, highestFirst: Bool = false) {
            for index in 0..<count {
                buffer |= (bits >> (highestFirst ? count - 1 - index : index) & 1) << filled
                filled += 1
                if filled == 8 {
                    bytes.append(UInt8(buffer))
                    (buffer, filled) = (0, 0)
                }
            }
        }
        put(0b011, 3)
        // A literal zero, copies of 258 bytes from one before, then single zeros, by the format's fixed codes.
        put(0x30, 8, highestFirst: true)
        for _ in 0..<(count - 1) / 258 {
            put(0xC5, 8, highestFirst: true)
            put(0, 5)
        }
        for _ in 0..<(count - 1) % 258 { put(0x30, 8, highestFirst: true) }
        put(0, 7)
        if filled > 0 { bytes.append(UInt8(buffer)) }
        return bytes
    }

    private struct Member {
        let name: String
        let packed: [UInt8]
        let byteCount: Int
        let checksum: UInt32
        var isDeflated = true
    }

    private static func little(_ value: Int, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
    }

    /// - Parameter sharesData: whether the directory gives every member the first one's data.
    private static func archive(_ members: [Member], sharesData: Bool = false) -> [UInt8] {
        var bytes: [UInt8] = []
        var directory: [UInt8] = []
        for member in members {
            let numbers = [
                (20, 2), (0, 2), (member.isDeflated ? 8 : 0, 2), (0, 4), (Int(member.checksum), 4),
                (member.packed.count, 4), (member.byteCount, 4), (member.name.utf8.count, 2), (0, 2),
            ]
            let fields = numbers.flatMap { little($0.0, $0.1) }
            directory += [0x50, 0x4B, 1, 2]
            directory += little(20, 2) + fields
            directory += little(0, 10) + little(sharesData ? 0 : bytes.count, 4)
            directory += Array(member.name.utf8)
            bytes += [0x50, 0x4B, 3, 4]
            bytes += fields + Array(member.name.utf8) + member.packed
        }
        let end = [
            (0, 4), (members.count, 2), (members.count, 2), (directory.count, 4), (bytes.count, 4), (0, 2),
        ]
        bytes += directory
        bytes += [0x50, 0x4B, 5, 6]
        return bytes + end.flatMap { little($0.0, $0.1) }
    }

    /// An array of zeros, its header stored and its elements deflated.
    private static func zeros(_ shape: String, elements: Int, descriptor: String = "|u1", name: String = "a") -> Member
    {
        let header = ClipFixtures.npy(shape: shape, descriptor: descriptor, payload: [])
        var stored: [UInt8] = [0]
        stored += little(header.count, 2) + little(~header.count & 0xFFFF, 2)
        stored += header
        return Member(
            name: "\(name).npy", packed: stored + deflatedZeros(elements), byteCount: header.count + elements,
            checksum: CRC32.checksum(header + [UInt8](repeating: 0, count: elements)))
    }

    @Test("An archive of zeros is read as far as it is in proportion to its file, and refused beyond")
    func zeros() throws {
        let small = try ClipFormat.npz.clips(
            Self.archive([Self.zeros("(1024, 1024)", elements: 1 << 20)]), fileName: "clip")
        #expect(small.first?.values.count == 1 << 20 && small.first?.values.allSatisfy { $0 == 0 } == true)
        let bytes = Self.archive([Self.zeros("(8192, 1024)", elements: 1 << 23)])
        #expect(bytes.count < 70_000)
        let fault = try #require(ClipFixtures.fault(.npz, bytes))
        #expect(fault.code == .limitExceeded && fault.place == "clip: a.npy")
        #expect(fault.found == "\(4 << 23) bytes")
    }

    @Test("Members that share their data or a name are refused; a name that leads elsewhere is a name")
    func names() throws {
        let member = Self.zeros("(4, 2)", elements: 8)
        let other = Self.zeros("(4, 2)", elements: 8, name: "b")
        #expect(ClipFixtures.fault(.npz, Self.archive([member, member]))?.code == .duplicateName)
        #expect(ClipFixtures.fault(.npz, Self.archive([member, other], sharesData: true))?.code == .overlap)
        for name in ["../../escape", "/etc/escape", "a\u{0}b", "C:\\escape"] {
            let bytes = Self.archive([Self.zeros("(4, 2)", elements: 8, name: name)])
            #expect(try ClipFormat.npz.clips(bytes, fileName: "clip").map(\.name) == [name])
        }
    }

    @Test("Arrays of an archive are counted together")
    func manyArrays() throws {
        func fault(_ count: Int) -> Fault? {
            ClipFixtures.fault(
                .npz,
                Self.archive((0..<count).map { Self.zeros("(1024, 1024)", elements: 1 << 20, name: "\($0)") }))
        }
        #expect(fault(3) == nil)
        let refused = try #require(fault(6))
        #expect(refused.code == .limitExceeded && refused.place == "clip: 4.npy")
    }

    @Test("A member that is larger than its array is refused by its header, and only clips are unpacked")
    func sizes() throws {
        let falseSize = Self.zeros("(2, 2)", elements: 1 << 23)
        let fault = try #require(ClipFixtures.fault(.npz, Self.archive([falseSize])))
        #expect(fault.code == .sizeMismatch && fault.place == "clip: a.npy")
        #expect(fault.expected == "4")
        // The label array's data are damaged behind its header, which nobody notices.
        let labels = Self.zeros("(100000,)", elements: 100_000, name: "labels")
        let damaged = Member(
            name: labels.name, packed: labels.packed.dropLast(20) + [0xFF], byteCount: labels.byteCount, checksum: 0)
        let clips = try ClipFormat.npz.clips(
            Self.archive([damaged, Self.zeros("(4, 2)", elements: 8)]), fileName: "clip")
        #expect(clips.map(\.name) == ["a"])
        // Negative control: a clip that is damaged so is refused.
        let clip = Self.zeros("(1000, 100)", elements: 100_000)
        let broken = Member(
            name: clip.name, packed: clip.packed.dropLast(20) + [0xFF], byteCount: clip.byteCount,
            checksum: clip.checksum)
        #expect(ClipFixtures.fault(.npz, Self.archive([broken]))?.code == .malformedClip)
    }

    @Test("Frames without a face, which are short lines, take no more memory than in proportion to the file")
    func framesWithoutFace() throws {
        let frame = "[" + [String](repeating: "1", count: 2000).joined(separator: ",") + "]\n"
        func lines(_ count: Int) -> String { frame + String(repeating: "null\n", count: count) }
        #expect(try ClipFixtures.clips(.jsonl, lines(500)).first?.missingFrames.count == 500)
        let after = try #require(ClipFixtures.fault(.jsonl, lines(10_000)))
        #expect(after.code == .limitExceeded && after.problem == "the clips take far more memory than the file")
        #expect(ClipFixtures.fault(.jsonl, String(repeating: "[]\n", count: 10_000) + frame)?.code == .limitExceeded)
        let nulls = String(repeating: "null,", count: 10_000)
        #expect(ClipFixtures.fault(.jsonl, "[\(nulls)\(frame.dropLast())]")?.code == .limitExceeded)
    }

    @Test("A row has as many cells, and a file as many clips, as any model could want")
    func counts() {
        let cells = [String](repeating: "1", count: 65552)
        #expect(ClipFixtures.fault(.csv, cells.joined(separator: ",")) == nil)
        let wide = ClipFixtures.fault(.csv, (cells + ["1"]).joined(separator: ","))
        #expect(wide?.code == .limitExceeded && wide?.place == "clip: line 1")
        func rows(_ count: Int) -> String {
            "video_filename,a\n" + (0..<count).map { "\($0),1\n" }.joined()
        }
        #expect(ClipFixtures.fault(.csv, rows(65536)) == nil)
        #expect(ClipFixtures.fault(.csv, rows(65537))?.code == .limitExceeded)
    }

    @Test("Frames of different kinds in one line are read, also in rising depth")
    func unevenLines() throws {
        let clip = try #require(try ClipFixtures.clips(.jsonl, "[null, [1, 2], [], [3, 4]]").first)
        #expect(clip.frameCount == 4 && clip.missingFrames == [0, 2] && clip.values.suffix(2) == [3, 4])
        let faces = try #require(try ClipFixtures.clips(.jsonl, "[[[1, 2, 3]], null, [[4, 5, 6]]]").first)
        #expect(faces.landmarkCount == 1 && faces.missingFrames == [1] && faces.values.prefix(3) == [1, 2, 3])
        let named = try #require(
            try ClipFixtures.clips(
                .jsonl, #"{"landmarks": [[{"x": 1, "y": 2, "z": 3, "v": [9]}], [{"z": 6, "x": 4, "y": 5}]]}"#
            ).first)
        #expect(named.values == [1, 2, 3, 4, 5, 6] && named.landmarkCount == 1 && named.frameCount == 2)
        let fault = ClipFixtures.fault(.jsonl, #"{"features": [{"x": 1, "y": 2, "z": 3}]}"#)
        #expect(fault?.code == .malformedClip && fault?.problem == "this is neither a frame nor a clip")
        #expect(ClipFixtures.fault(.jsonl, "[[1, 2], [3]]")?.code == .featureCountMismatch)
        #expect(ClipFixtures.fault(.jsonl, "[[[[1, 2, 3]]]]")?.code == .malformedClip)
    }
}
