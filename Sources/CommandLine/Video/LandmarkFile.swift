import EmotionFormerCore
import EmotionFormerFiles

/// Writes a clip as `Tools/landmarks` does: frames × 478 × 3 float32 as a NumPy array, NaN throughout a frame without a
/// face. In bounded memory: beside the file, and in its place once `keep` is called.
struct LandmarkFile: ~Copyable {
    static let landmarkCount = 478
    private static let headerBytes = 192

    /// The name of a clip's file whose video was not read to its end.
    static func partialPath(_ path: String) -> String { path + ".partial" }

    private let path: String
    private let file: GrowingFile
    private(set) var count: Int
    private var row: [Float]

    /// - Throws: `Failure` if something else stands there, or nothing can be written.
    init(path: String) throws(Failure) {
        let file = try LandmarkFile.begun(path)
        // Nothing is assigned before the last failure: see OutputFolder.
        self.path = path
        self.file = file
        count = 0
        row = [Float](repeating: .nan, count: LandmarkFile.landmarkCount * 3)
    }

    /// A file with a header, as long as the final one.
    private static func begun(_ path: String) throws(Failure) -> GrowingFile {
        do throws(Fault) {
            let file = try GrowingFile(output(path))
            try file.append(LandmarkFile.header(0))
            return file
        } catch {
            throw Failure(error.description)
        }
    }

    private static func output(_ path: String) throws(Fault) -> OutputFile {
        try OutputFile(path, what: "clip of landmarks") { LandmarkFile.isHeader($0) }
    }

    mutating func add(_ face: [SIMD3<Float>]?) throws(Failure) {
        for index in 0..<LandmarkFile.landmarkCount {
            let point = face?[index] ?? SIMD3(repeating: .nan)
            row[3 * index] = point.x
            row[3 * index + 1] = point.y
            row[3 * index + 2] = point.z
        }
        // The format is little-endian, as every processor is that this runs on.
        let bytes = row.withUnsafeBytes { Array($0) }
        do throws(Fault) { try file.append(bytes) } catch { throw Failure(error.description) }
        count += 1
    }

    /// - Parameter isWhole: whether the video was read to its end.
    consuming func keep(isWhole: Bool) throws(Failure) {
        let header = LandmarkFile.header(count)
        do throws(Fault) {
            let other = isWhole ? nil : try LandmarkFile.output(LandmarkFile.partialPath(path))
            try file.keep(beginning: header, as: other)
        } catch {
            throw Failure(error.description)
        }
    }

    /// The header of a version 1.0 file with so many frames, always of the same length.
    private static func header(_ count: Int) -> [UInt8] {
        let fields = "{'descr': '<f4', 'fortran_order': False, 'shape': (\(count), \(landmarkCount), 3), }"
        var bytes: [UInt8] = [0x93] + Array("NUMPY".utf8) + [1, 0]
        bytes += [UInt8(headerBytes - 10), 0] + Array(fields.utf8)
        bytes += [UInt8](repeating: 0x20, count: headerBytes - 1 - bytes.count) + [0x0A]
        return bytes
    }

    /// Whether a file begins as this one does, whatever its number of frames.
    private static func isHeader(_ start: [UInt8]) -> Bool {
        let before = Array(header(0).prefix { $0 != UInt8(ascii: "(") }) + [UInt8(ascii: "(")]
        guard start.count >= headerBytes, start.starts(with: before) else { return false }
        let digits = start.dropFirst(before.count).prefix { (0x30...0x39).contains($0) }
        guard digits.count <= 12, let count = Int(String(decoding: digits, as: UTF8.self)) else { return false }
        return Array(start[..<headerBytes]) == header(count)
    }
}
