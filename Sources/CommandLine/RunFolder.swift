import EmotionFormer
import EmotionFormerCore
import EmotionFormerFiles

/// The outputs of `emotionformer run`: an array each, and a list. It is written atomically and replaces an older result.
struct RunFolder: ~Copyable {
    /// What `outputs.json` says of an output.
    struct Row {
        let name: String
        let kind: String
        let type: String
        let shape: [Int]
        let file: String
    }

    static let listName = "outputs.json"
    private static let format = "emotionformer-run"
    private let path: String
    private let replaced: [String]?
    private var folder: OutputFolder
    private var taken: Set<String>

    /// A folder is a result if its list says so, and names the files that it holds.
    private static let kind = OutputKind("result of a run") { folder in
        let start = try? ByteSource.path("\(folder)/\(listName)").bytes()
        guard let start, let list = try? JSONValue(parsing: start), list["format"] == .string(format),
            case .array(let rows)? = list["outputs"]
        else { return nil }
        var own: Set = [listName]
        for row in rows {
            guard case .string(let file)? = row["file"], !file.utf8.contains(UInt8(ascii: "/")) else {
                return nil
            }
            own.insert(file)
        }
        return { [own] in own.contains($0) }
    }

    /// - Throws: `writeFailed` if something else is there.
    init(_ path: String) throws(Fault) {
        let place = try RunFolder.kind.replaceable(at: path)
        let folder = try OutputFolder(beside: place.path)
        // Nothing is assigned before the last failure: see OutputFolder.
        self.folder = folder
        self.path = place.path
        replaced = place.names
        taken = [RunFolder.listName]
    }

    mutating func write(_ tensor: Tensor, _ output: Model.Output) throws(Fault) -> Row {
        let file = fileName(of: output.name)
        try write(NumPyFile.bytes(tensor), to: file)
        return Row(
            name: output.name, kind: output.kind.rawValue, type: tensor.elementType.rawValue,
            shape: tensor.shape.extents, file: file)
    }

    /// Writes the list.
    mutating func write(_ rows: [Row]) throws(Fault) {
        try write(Array(try RunFolder.json(rows).text().utf8), to: RunFolder.listName)
    }

    static func json(_ rows: [Row]) -> JSONValue {
        [
            "format": .string(format),
            "outputs": .array(
                rows.map { row in
                    [
                        "name": .string(row.name), "kind": .string(row.kind), "dtype": .string(row.type),
                        "shape": .array(row.shape.map(JSONValue.integer)), "file": .string(row.file),
                    ]
                }),
        ]
    }

    consuming func keep() throws(Fault) { try folder.move(to: path, replacing: replaced) }

    /// A name with letters, digits, dots, dashes and underscores alone, which no other file has.
    private mutating func fileName(of name: String) -> String {
        let plain = String(
            name.unicodeScalars.map { scalar in
                let isPlain =
                    scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9").contains(Character(scalar)))
                return isPlain || "._-".unicodeScalars.contains(scalar) ? Character(scalar) : "_"
            })
        let stem = plain.isEmpty || plain.hasPrefix(".") ? "output\(plain)" : String(plain.prefix(100))
        var file = "\(stem).npy"
        var suffix = 2
        while !taken.insert(file.lowercased()).inserted {
            file = "\(stem)_\(suffix).npy"
            suffix += 1
        }
        return file
    }

    private mutating func write(_ bytes: [UInt8], to name: String) throws(Fault) {
        try folder.addFile(name) { append throws(Fault) in
            try bytes.withUnsafeBytes { buffer in Result { () throws(Fault) in try append(buffer) } }.get()
        }
    }
}
