import EmotionFormerModelFormat
import EmotionFormerTensors

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Where a trace is written: a folder for each clip, and an index.
struct TraceFolder {
    private let path: String

    /// Makes the folder if need be.
    /// - Throws: `writeFailed`.
    init(_ path: String) throws(Fault) {
        self.path = path
        try TraceFolder.make(path)
    }

    func write(_ tensor: Tensor, index: Int, clip: Int) throws(Fault) {
        let folder = "\(path)/\(clip)"
        if !FileManager.default.fileExists(atPath: folder) { try TraceFolder.make(folder) }
        try NumPyFile.write(tensor, to: "\(folder)/\(index).npy")
    }

    func write(_ index: JSONValue) throws(Fault) {
        try NumPyFile.write(Data(try index.text().utf8), to: "\(path)/index.json")
    }

    private static func make(_ folder: String) throws(Fault) {
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            throw Fault(.writeFailed, at: folder, "the folder cannot be made")
        }
    }

    /// Folders 0, 1, 2, … in a folder.
    static func clipCount(in path: String) -> Int {
        var count = 0
        while FileManager.default.fileExists(atPath: "\(path)/\(count)") { count += 1 }
        return count
    }
}
