import EmotionFormerBundledLandmarker
import EmotionFormerCore
import EmotionFormerFiles
import EmotionFormerFixtures
import EmotionFormerLandmarks
import EmotionFormerTFLiteImport
import EmotionFormerTestSupport
import Foundation
import Testing

@Suite("Task files")
struct TaskFileTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// What a file of these bytes is refused with, without the path in front.
    private func refused(_ bytes: [UInt8]) throws -> String {
        let path = folder.path + "/face.task"
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        let line = refusal { try FaceLandmarkerModels(path: path) }
        return line.hasPrefix(path + ": ") ? String(line.dropFirst(path.count + 2)) : line
    }

    private func task() throws -> [UInt8] { [UInt8](try Data(contentsOf: Golden.task)) }

    /// The file with every occurrence of one name replaced by another of the same length.
    private func renamed(_ names: [(String, String)]) throws -> [UInt8] {
        var bytes = try task()
        for (old, new) in names {
            let (old, new) = (Array(old.utf8), Array(new.utf8))
            #expect(old.count == new.count)
            var place = 0
            while place + old.count <= bytes.count {
                if bytes[place] == old[0], bytes[place..<place + old.count].elementsEqual(old) {
                    bytes.replaceSubrange(place..<place + old.count, with: new)
                    place += old.count
                } else {
                    place += 1
                }
            }
        }
        return bytes
    }

    @Test("A file that is missing, no archive, or cut short")
    func damaged() throws {
        #expect(
            refusal { try FaceLandmarkerModels(path: folder.path + "/none.task") }
                == "\(folder.path)/none.task: there is no such file")
        #expect(
            refusal { try FaceLandmarkerModels(path: folder.path) }
                == "\(folder.path): this is a folder (expected a file)")
        #expect(
            refusal { try FaceLandmarkerModels(contentsOf: URL(string: "https://a.b/c.task")!) }
                == "https://a.b/c.task: only files are read (expected a file URL)")
        #expect(try refused([]) == "the file is empty")
        #expect(try refused(Array("no archive".utf8)) == "this is not a zip archive, or is cut short")
        let whole = try task()
        for count in [whole.count - 1, whole.count / 2, 1000] {
            #expect(try refused(Array(whole[..<count])) == "this is not a zip archive, or is cut short")
        }
        var changed = whole
        changed[200_000] ^= 1
        #expect(try refused(changed).hasPrefix("face_detector.tflite: the CRC-32 is not the one stored in the archive"))
    }

    @Test("The bundled file is found beside the executable, and is the one that its card describes")
    func bundled() throws {
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: BundledLandmarker.path())))
        #expect(bytes == (try task()))
        var hash = SHA256()
        bytes.withUnsafeBytes { hash.update($0) }
        let card = try String(
            contentsOf: Golden.task.deletingLastPathComponent().appendingPathComponent("FaceLandmarker.md"),
            encoding: .utf8)
        #expect(card.contains(hash.hexadecimalValue))
        _ = try BundledLandmarker.load()
    }

    @Test("An archive without one of the networks")
    func members() throws {
        #expect(
            try refused(try renamed([("face_blendshapes.tflite", "face_blendshapes.tfl_te")])).hasPrefix(
                "archive: this is not MediaPipe's face landmarker: a network is missing (found "))
    }

    @Test("Networks in each other's place, and files that are no networks")
    func otherNetworks() throws {
        let members = try contents()
        #expect(try refused(stored(members)) == "accepted")
        var swapped = members
        swapped[detector] = members[mesh]
        let place = "this is not the network that a face landmarker has here"
        #expect(
            try refused(stored(swapped))
                == "\(detector): inputs: \(place) (found [1, 256, 256, 3], expected [1, 128, 128, 3])")
        swapped = members
        swapped[mesh] = members[detector]
        #expect(
            try refused(stored(swapped))
                == "\(mesh): inputs: \(place) (found [1, 128, 128, 3], expected [1, 256, 256, 3])")
        swapped = members
        swapped[blendshapes] = members[detector]
        #expect(
            try refused(stored(swapped))
                == "\(blendshapes): inputs: \(place) (found [1, 128, 128, 3], expected [1, 146, 2])")
        for name in [detector, mesh, blendshapes] {
            var other = members
            other[name] = Array("no network at all".utf8)
            #expect(try refused(stored(other)).hasPrefix("\(name): not a TensorFlow Lite file"))
            other[name] = Array(members[name]?.prefix(100_000) ?? [])
            #expect(try refused(stored(other)).hasPrefix("\(name): "))
        }
    }

    /// A network of the task file with other bytes at a place in its metadata.
    private func changed(_ name: String, at offset: Int, from old: [UInt8], to new: [UInt8]) throws -> [UInt8] {
        var members = try contents()
        var bytes = try #require(members[name])
        let mark = try #require(bytes.indices.first { bytes[$0...].starts(with: "M001".utf8) })
        let place = mark - 4 + offset
        try #require(Array(bytes[place..<place + old.count]) == old)
        bytes.replaceSubrange(place..<place + old.count, with: new)
        members[name] = bytes
        return stored(members)
    }

    private func little(_ value: Float) -> [UInt8] { withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) } }

    /// Where a number stands in a network's metadata for the first time, or the second.
    private func place(of value: Float, in name: String, _ which: Int) throws -> Int {
        let bytes = try #require(try contents()[name])
        let start = try #require(bytes.indices.first { bytes[$0...].starts(with: "M001".utf8) }) - 4
        let found = (start..<start + 700).filter { bytes[$0...].starts(with: little(value)) }
        return try #require(found.dropFirst(which).first) - start
    }

    @Test("A network that states another range of pixels is refused: its landmarks would be wrong without a sign")
    func ranges() throws {
        for (name, value, which, other, line) in [
            (detector, 127.5, 1, 0, "(found (byte − 0.0) / 127.5, expected (byte − 127.5) / 127.5"),
            (detector, 127.5, 1, .nan, "(found (byte − nan) / 127.5, expected (byte − 127.5) / 127.5"),
            (detector, 127.5, 0, 128, "(found (byte − 127.5) / 128.0, expected (byte − 127.5) / 127.5"),
            (mesh, 255, 0, 127.5, "(found (byte − 0.0) / 127.5, expected (byte − 0.0) / 255.0"),
        ] as [(String, Float, Int, Float, String)] {
            // The deviation stands before the mean.
            let offset = try place(of: value, in: name, which)
            let found = try refused(try changed(name, at: offset, from: little(value), to: little(other)))
            let words = "\(name): TFLITE_METADATA: the network takes other numbers for a picture's bytes "
            #expect(found == words + line + ", as in MediaPipe's own face_landmarker.task)")
        }
    }

    @Test("A network that states no range, or no picture of red, green and blue, is refused")
    func unstated() throws {
        for name in [detector, mesh] {
            var members = try contents()
            var bytes = try #require(members[name])
            let mark = try #require(bytes.indices.first { bytes[$0...].starts(with: "TFLITE_METADATA".utf8) })
            bytes[mark] = UInt8(ascii: "X")
            members[name] = bytes
            #expect(
                try refused(stored(members)).hasPrefix(
                    "\(name): TFLITE_METADATA: the file does not state what numbers it takes for a picture's bytes (expected "
                ))
        }
        // Its color space, 1 for RGB, becomes 2, which is gray.
        #expect(
            try refused(try changed(detector, at: 523, from: [1], to: [2]))
                == "\(detector): TFLITE_METADATA: the input 'image' is not stated to be a picture (expected red, green and blue)"
        )
        let broken = try changed(mesh, at: 4, from: Array("M001".utf8), to: Array("M009".utf8))
        #expect(
            try refused(broken).hasPrefix("\(mesh): TFLITE_METADATA: the identifier is not that of a model's metadata"))
    }

    @Test("Metadata that are cut or changed anywhere are refused in one line, or state the same range")
    func damagedMetadata() throws {
        let whole = try TFLiteImporter.read(try #require(try contents()[detector]), name: detector)
        let metadata = try #require(whole.metadata)
        let input = try #require(try ModelMetadata(metadata).inputs.first)
        #expect(input.name == "image" && input.isRGB && input.otherSteps == 0)
        #expect(input.normalizations == [.init(means: [127.5], deviations: [127.5])])
        func line(_ bytes: [UInt8]) -> String {
            do throws(Fault) {
                _ = try ModelMetadata(bytes)
                return ""
            } catch {
                return error.description
            }
        }
        for count in 0..<metadata.count {
            #expect(!line(Array(metadata[..<count])).utf8.contains(0x0A))
        }
        for index in metadata.indices {
            for bit in 0..<8 {
                var changed = metadata
                changed[index] ^= 1 << bit
                #expect(!line(changed).utf8.contains(0x0A))
            }
        }
        #expect(line([]).hasPrefix("TFLITE_METADATA: "))
    }

    private let detector = "face_detector.tflite"
    private let mesh = "face_landmarks_detector.tflite"
    private let blendshapes = "face_blendshapes.tflite"

    private func contents() throws -> [String: [UInt8]] {
        let archive = try ZipArchive(try task())
        var members: [String: [UInt8]] = [:]
        for member in archive.members { members[member.name] = Array(try archive.contents(of: member)) }
        return members
    }

    /// A zip archive whose members are not compressed.
    private func stored(_ members: [String: [UInt8]]) -> [UInt8] {
        /// Each of a number of bytes, the lowest first.
        func numbers(_ values: [(value: Int, byteCount: Int)]) -> [UInt8] {
            values.flatMap { value, count in (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
        }
        var (file, directory): ([UInt8], [UInt8]) = ([], [])
        for (name, bytes) in members.sorted(by: { $0.key < $1.key }) {
            // Version, flags, method, time and date; checksum and sizes; lengths of the name and of extra fields.
            let fields = numbers([
                (20, 2), (0, 8), (Int(CRC32.checksum(bytes)), 4), (bytes.count, 4), (bytes.count, 4),
                (name.utf8.count, 2), (0, 2),
            ])
            directory += numbers([(0x0201_4B50, 4), (20, 2)]) + fields
            directory += numbers([(0, 10), (file.count, 4)]) + Array(name.utf8)
            file += numbers([(0x0403_4B50, 4)]) + fields
            file += Array(name.utf8) + bytes
        }
        let end = numbers([
            (0x0605_4B50, 4), (0, 4), (members.count, 2), (members.count, 2), (directory.count, 4), (file.count, 4),
            (0, 2),
        ])
        return file + directory + end
    }
}
