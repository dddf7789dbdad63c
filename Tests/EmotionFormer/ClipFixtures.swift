import EmotionFormer
import EmotionFormerCore
import EmotionFormerFiles

/// The committed clip files; `Fixtures/make_clips.py` wrote them.
enum ClipFixtures {
    static func path(_ name: String) -> String {
        let folder = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        return "\(folder)/Fixtures/\(name)"
    }

    static func clips(_ name: String) throws -> [LandmarkClip] {
        try ClipFile(path: path(name)).clips
    }

    static func bytes(inFile name: String) throws -> [UInt8] { try ByteSource.path(path(name)).bytes() }

    /// The values that the fixtures hold: i / 8 - 1.
    static func values(_ range: Range<Int>) -> [Float] { range.map { Float($0) / 8 - 1 } }

    /// The fault of reading `bytes`, or nil if they are a clip file after all.
    static func fault(_ format: ClipFormat, _ bytes: [UInt8]) -> Fault? {
        do throws(Fault) {
            _ = try format.clips(bytes, fileName: "clip")
            return nil
        } catch {
            return error
        }
    }

    static func fault(_ format: ClipFormat, _ text: String) -> Fault? { fault(format, Array(text.utf8)) }

    static func clips(_ format: ClipFormat, _ text: String) throws -> [LandmarkClip] {
        try format.clips(Array(text.utf8), fileName: "clip")
    }

    /// A version 1.0 `npy` file with any header and any elements.
    static func npy(_ header: String, payload: [UInt8] = [], version: UInt8 = 1) -> [UInt8] {
        let text = Array(header.utf8)
        var bytes: [UInt8] = [0x93] + Array("NUMPY".utf8)
        bytes += [version, 0]
        for place in 0..<(version == 1 ? 2 : 4) { bytes.append(UInt8(truncatingIfNeeded: text.count >> (place * 8))) }
        return bytes + text + payload
    }

    static func npy(shape: String, descriptor: String = "<f4", payload: [UInt8]) -> [UInt8] {
        npy("{'descr': '\(descriptor)', 'fortran_order': False, 'shape': \(shape), }\n", payload: payload)
    }

    static func bytes(of values: [Float]) -> [UInt8] {
        values.flatMap { value in (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> ($0 * 8)) } }
    }
}
