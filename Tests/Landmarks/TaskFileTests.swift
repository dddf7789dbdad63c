import EmotionFormerBundledLandmarker
import EmotionFormerFiles
import EmotionFormerFixtures
import EmotionFormerLandmarks
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
        let archive = try ZipArchive(try task())
        var members: [String: [UInt8]] = [:]
        for member in archive.members { members[member.name] = Array(try archive.contents(of: member)) }
        #expect(try refused(stored(members)) == "accepted")
        let (detector, mesh, blendshapes) = (
            "face_detector.tflite", "face_landmarks_detector.tflite", "face_blendshapes.tflite"
        )
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
