import EmotionFormerCore
import EmotionFormerFiles
import EmotionFormerModelFormat
import EmotionFormerSystem

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The contents of a file that describes a model.
struct AssetFile {
    let path: String
    let contents: [UInt8]

    /// The most bytes of a list of class names or of metadata.
    static let textLimit = 4 << 20

    /// - Throws: `missingFile`, `unreadableFile` if it is not a regular file, `limitExceeded`.
    init(_ path: String, what: String, limit: Int) throws(Fault) {
        self.path = path
        contents = try InputFile(path: path, what: what).contents(limit: limit)
    }

    var name: String { AssetFile.name(path) }
    var fileExtension: String { AssetFile.parts(path).fileExtension }

    static func name(_ path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }

    /// The file's name in lower case, cut at its last point.
    static func parts(_ path: String) -> (stem: String, fileExtension: String) {
        let name = name(path).lowercased()
        guard let point = name.lastIndex(of: "."), point != name.startIndex else { return (name, "") }
        return (String(name[..<point]), String(name[name.index(after: point)...]))
    }
}

/// The files of a published assets folder. The role of each follows from its name and extension.
struct ModelAssets {
    var mean: String?
    var standardDeviation: String?
    /// A pickled scaler, in place of mean and standard deviation.
    var scaler: String?
    var labels: String?
    var metadata: String?

    private static let depthLimit = 3
    private static let fileLimit = 10_000

    init() {}

    /// - Parameters:
    ///   - folder: searched with its subfolders, three levels deep.
    ///   - given: files that are named otherwise; none is looked for in their place.
    ///   - hasLabels: whether the class names are given, as a file or as a list.
    /// - Throws: `missingFile`, `unreadableFile`; `invalidArgument` if several files have the same role.
    init(folder: String, given: ModelAssets, hasLabels: Bool) throws(Fault) {
        var isFolder = false
        guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder) else {
            throw Fault(.missingFile, at: folder, "there is no such folder")
        }
        guard isFolder else { throw Fault(.unreadableFile, at: folder, "this is a file", expected: "a folder") }
        var files: [String] = []
        try ModelAssets.collect(folder, depth: 0, into: &files)
        files.sort()
        let root = ModelAssets.resolved(folder)
        func all(_ extensions: Set<String>) -> [String] {
            files.filter { extensions.contains(AssetFile.parts($0).fileExtension) }
        }
        func named(_ files: [String], _ words: [String]) -> [String] {
            files.filter { file in words.contains { AssetFile.parts(file).stem.contains($0) } }
        }
        // Not `scaler_var.npy`, which holds squares.
        func isScale(_ file: String) -> Bool {
            AssetFile.parts(file).stem.split { !$0.isLetter }.contains { $0 == "scale" || $0 == "scales" }
        }
        func one(_ fitting: [String], _ role: String, _ parameter: Parameter) throws(Fault) -> String? {
            let preferred = named(fitting, ["global"])
            let chosen = fitting.count > 1 && preferred.count == 1 ? preferred : fitting
            guard chosen.count <= 1 else {
                throw Fault(
                    .invalidArgument, at: folder, "several files may be the \(role)",
                    found: chosen.map { String($0.dropFirst(folder.count + 1)) }.joined(separator: ", "),
                    expected: "one, or \(parameter)")
            }
            return try chosen.first.map { (file) throws(Fault) in try ModelAssets.inside(file, root) }
        }
        let arrays = all(["npy"])
        let means = named(arrays, ["mean"])
        mean = given.mean
        if mean == nil { mean = try one(means, "mean", .mean) }
        let words = named(arrays, ["std", "stdev", "deviation", "sigma"])
        let deviations = arrays.filter { (words.contains($0) || isScale($0)) && !means.contains($0) }
        standardDeviation = given.standardDeviation
        if standardDeviation == nil {
            standardDeviation = try one(deviations, "standard deviation", .standardDeviation)
        }
        let scalers = named(all(["pkl", "pickle", "joblib"]), ["scaler"])
        if mean == nil, standardDeviation == nil { scaler = try one(scalers, "scaler", .mean) }
        let pickles = all(["pkl", "pickle", "joblib"]).filter { !scalers.contains($0) }
        let labelWords = ["label", "encoder", "class"]
        let encoders = named(pickles, labelWords)
        let lists = pickles.isEmpty ? named(all(["json", "txt"]), labelWords) : []
        labels = hasLabels ? nil : try one(encoders.isEmpty ? pickles + lists : encoders, "class names", .labels)
        let namedLists = hasLabels ? named(all(["json"]), labelWords) : []
        let documents = all(["json"]).filter { $0 != labels && !namedLists.contains($0) }
        metadata = try (named(documents, ["meta"]).first ?? (documents.count == 1 ? documents[0] : nil))
            .map { (file) throws(Fault) in try ModelAssets.inside(file, root) }
        guard hasLabels || [mean, standardDeviation, scaler, labels, metadata].contains(where: { $0 != nil }) else {
            throw Fault(
                .missingFile, at: folder, "the folder holds nothing that says anything of a model",
                expected: "files like global_mean.npy, global_std.npy, label_encoder.pkl, metadata.json")
        }
    }

    /// The file, if it lies in the folder. A file outside of it, behind a link, must not be copied into a package.
    /// - Throws: `unreadableFile` for a link to a place outside of the folder, and for anything but a regular file.
    private static func inside(_ file: String, _ root: String?) throws(Fault) -> String {
        guard let root, let place = resolved(file), place.hasPrefix(root == "/" ? root : root + "/") else {
            throw Fault(
                .unreadableFile, at: file, "a symbolic link that leads out of the assets folder is not followed",
                expected: "a file in the folder")
        }
        var status = stat()
        guard stat(place, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw Fault(.unreadableFile, at: file, "this is not a regular file", expected: "a file")
        }
        return file
    }

    private static func resolved(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    private static func collect(_ folder: String, depth: Int, into files: inout [String]) throws(Fault) {
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: folder)
        } catch {
            throw Fault(.unreadableFile, at: folder, "the folder cannot be read")
        }
        for name in names where !name.hasPrefix(".") {
            let path = "\(folder)/\(name)"
            var isFolder = false
            guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { continue }
            if !isFolder {
                files.append(path)
            } else if depth < depthLimit {
                try collect(path, depth: depth + 1, into: &files)
            }
            guard files.count <= fileLimit else {
                throw Fault(.limitExceeded, at: folder, "the folder holds too many files for a model's assets")
            }
        }
    }
}
