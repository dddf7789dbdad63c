import EmotionFormer
import EmotionFormerCore
import EmotionFormerFiles
import EmotionFormerModelFormat

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The output of a trace: a folder for each clip, and an index. It is written atomically and replaces an older trace.
struct TraceFolder: ~Copyable {
    private let path: String
    private let replaced: [String]?
    private var folder: OutputFolder
    private var written: Set<String>

    private static let kind = OutputKind("trace") { folder in
        let start = try? ByteSource.path("\(folder)/index.json").bytes()
        guard let start, let index = try? JSONValue(parsing: start), index["stage"] != nil, index["operators"] != nil
        else { return nil }
        return isOwn
    }

    /// index.json, 0/12.npy.
    private static func isOwn(_ name: String) -> Bool {
        if name == "index.json" { return true }
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        return parts.count == 2 && Int(parts[0]) != nil && parts[1].hasSuffix(".npy")
            && Int(parts[1].dropLast(4)) != nil
    }

    /// - Throws: `writeFailed`.
    init(_ path: String) throws(Fault) {
        let place = try TraceFolder.kind.replaceable(at: path)
        let folder = try OutputFolder(beside: place.path)
        // Nothing is assigned before the last failure: see OutputFolder.
        self.path = place.path
        replaced = place.names
        self.folder = folder
        written = []
    }

    mutating func write(_ tensor: Tensor, index: Int, clip: Int) throws(Fault) {
        let name = "\(clip)/\(index).npy"
        // A model's output is an operator's result, too.
        if written.insert(name).inserted { try write(NumPyFile.bytes(tensor), to: name) }
    }

    /// Writes the index, the last file, and puts the trace in place.
    mutating func write(_ index: JSONValue) throws(Fault) { try write(Array(try index.text().utf8), to: "index.json") }

    private mutating func write(_ bytes: [UInt8], to name: String) throws(Fault) {
        try folder.addFile(name, isDurable: false) { append throws(Fault) in
            try bytes.withUnsafeBytes { buffer in Result { () throws(Fault) in try append(buffer) } }.get()
        }
    }

    consuming func keep() throws(Fault) { try folder.move(to: path, replacing: replaced) }

    /// The number of subfolders 0, 1, 2, … of a folder.
    static func clipCount(in path: String) -> Int {
        var count = 0
        while FileManager.default.fileExists(atPath: "\(path)/\(count)") { count += 1 }
        return count
    }
}
