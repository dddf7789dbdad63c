import EmotionFormerCore
import EmotionFormerFiles

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Files of clips whose emotions are known. The files are read one at a time.
///
/// There are three forms: a folder with `labels.csv`, which has a header, the columns `clip` (a path relative to the
/// folder) and `label`, and any others; a folder whose subfolders are named after the classes and hold clip files, or
/// folders of frames (`happy/7/0.npy`, `happy/7/1.npy`, …); a single file whose clips state their emotions.
public struct EvaluationDataset: Sendable, Hashable {
    /// A clip file, or a folder of frames.
    public struct Entry: Sendable, Hashable {
        public let path: String
        /// The path relative to the dataset's folder.
        public let name: String
        /// The emotion of every clip of the file; nil if the clips state their own.
        public let label: String?
    }

    /// The files in the table's order, or sorted by name; never empty.
    public let entries: [Entry]

    static let tableName = "labels.csv"
    /// The most bytes of the table: enough for millions of clips.
    private static let tableLimit = 1 << 28

    /// - Parameters:
    ///   - path: the dataset's folder, or one file whose clips state their emotion.
    ///   - split: use only the clips with this value in the `split` column; nil for all.
    /// - Throws: `missingFile`, `unreadableFile`; `malformedClip` with the line for a table that does not follow its
    ///   format; `invalidValue` for a clip outside of the folder; `emptyClip` if no clip is left.
    public init(path: String, split: String? = nil) throws(EmotionFormerError) {
        entries = try publicly { () throws(Fault) in try EvaluationDataset.entries(path, split: split) }
    }

    private static func entries(_ path: String, split: String?) throws(Fault) -> [Entry] {
        var isFolder = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw Fault(.missingFile, at: path, "there is no such file or folder")
        }
        let table = path + "/" + tableName
        let found: [Entry]
        if isFolder, FileManager.default.fileExists(atPath: table) {
            do throws(Fault) {
                found = try listed(ByteSource.path(table).bytes(limit: tableLimit), folder: path, split: split)
            } catch {
                throw error.within(table)
            }
        } else if split != nil {
            throw Fault(
                .invalidArgument, at: path, "only a dataset with a table has splits", expected: "a file \(tableName)")
        } else if isFolder {
            found = try sorted(path)
        } else {
            found = [Entry(path: path, name: path.split(separator: "/").last.map(String.init) ?? path, label: nil)]
        }
        guard !found.isEmpty else {
            throw Fault(
                .emptyClip, at: path, "the dataset has no clips",
                expected: "a table \(tableName), or subfolders named after classes with clips in them")
        }
        return found
    }

    /// The rows of a table.
    static func listed(_ bytes: [UInt8], folder: String, split: String?) throws(Fault) -> [Entry] {
        var reader = CSVReader(bytes, columnLimit: ClipLimits.columns)
        guard let header = try readingClip(reader.next()) else { throw Fault(.emptyClip, at: "", "the table is empty") }
        func column(_ name: String) throws(Fault) -> Int {
            guard let column = header.fields.firstIndex(where: { $0.elementsEqual(name.utf8) }) else {
                throw Fault(
                    .missingField, at: "line \(header.line)", "the table has no column '\(name)'",
                    found: header.fields.prefix(8).map { String(decoding: $0.prefix(40), as: UTF8.self) }
                        .joined(separator: ","),
                    expected: split == nil ? "clip,label" : "clip,label,split")
            }
            return column
        }
        let (clip, label) = (try column("clip"), try column("label"))
        let splitColumn = try split.map { (_) throws(Fault) in try column("split") }
        var entries: [Entry] = []
        while let row = try readingClip(reader.next()) {
            guard row.fields.count == header.fields.count else {
                throw Fault(
                    .malformedClip, at: "line \(row.line)", "the row has another number of cells than the header",
                    found: "\(row.fields.count)", expected: "\(header.fields.count)")
            }
            // Tools/dataset puts an apostrophe before text that a spreadsheet would take for a formula.
            func text(_ column: Int) -> String {
                SpreadsheetText.original(String(decoding: row.fields[column], as: UTF8.self))
            }
            if let splitColumn, let split, !text(splitColumn).utf8.elementsEqual(split.utf8) { continue }
            let name = text(clip)
            let parts = name.split(separator: "/", omittingEmptySubsequences: false)
            guard !name.isEmpty, !name.hasPrefix("/"), !parts.contains("..") else {
                throw Fault(
                    .invalidValue, at: "line \(row.line)", "the clip is not in the dataset's folder",
                    found: "'\(name.prefix(80))'", expected: "a path relative to it")
            }
            let truth = text(label)
            guard !truth.isEmpty else { throw Fault(.malformedClip, at: "line \(row.line)", "the label is empty") }
            entries.append(Entry(path: folder + "/" + name, name: name, label: truth))
        }
        if entries.isEmpty, let split {
            throw Fault(.emptyClip, at: "", "no row of the table is of this split", found: split)
        }
        return entries
    }

    /// Clip files, and folders of frames, in subfolders, whose names are the labels. Other files and hidden ones are
    /// ignored.
    private static func sorted(_ folder: String) throws(Fault) -> [Entry] {
        var entries: [Entry] = []
        for label in try contents(of: folder) {
            let subfolder = folder + "/" + label
            var isFolder = false
            guard FileManager.default.fileExists(atPath: subfolder, isDirectory: &isFolder), isFolder else { continue }
            for name in try contents(of: subfolder) {
                let path = subfolder + "/" + name
                guard FrameFolder.isFolder(path) ? FrameFolder.holdsArrays(path) : ClipFormat(fileName: name) != nil
                else { continue }
                entries.append(Entry(path: path, name: label + "/" + name, label: label))
            }
        }
        return entries
    }

    private static func contents(of folder: String) throws(Fault) -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: folder).filter { !$0.hasPrefix(".") }.sorted()
        } catch {
            throw Fault(.unreadableFile, at: folder, "the folder cannot be listed")
        }
    }
}
