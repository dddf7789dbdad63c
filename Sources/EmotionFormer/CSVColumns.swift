import EmotionFormerCore
import EmotionFormerFiles

/// Which column of a CSV file holds what.
struct CSVColumns {
    /// Columns of the dataset *Optimized 478-Point 3D Facial Landmark Dataset* that are not features.
    var clip: Int?
    var frame: Int?
    var emotion: Int?
    /// The columns of the features, in the features' order.
    var features: [Int]
    /// Whether the features are x, y, z of the first landmark, then of the next, and so on.
    var areLandmarks = false
    /// Whether the landmarks' columns stand in the file in another order than the features.
    var areReordered = false
    /// The names in the header, for messages; empty without one.
    var names: [String] = []
    let count: Int

    /// Columns of a file without header: all features.
    init(count: Int) {
        self.count = count
        features = Array(0..<count)
    }

    /// Columns by the names in a header: `video_filename`, `frame_num`, `emotion`; `x_0`, `y_0`, `z_0`, … in any order,
    /// numbered from 0 or 1, are landmarks if all three coordinates are there for each. A column without a name holds
    /// row numbers and is ignored.
    /// - Throws: `duplicateName`, `unknownName` for a column that is not a landmark's among columns that are,
    ///   `emptyClip` if no column is a feature.
    init(header: CSVReader.Row) throws(Fault) {
        names = header.fields.map { String(decoding: $0, as: UTF8.self) }
        count = names.count
        features = []
        var columns: [String: Int] = [:]
        for (column, name) in names.enumerated() where !name.isEmpty && !name.hasPrefix("Unnamed:") {
            guard columns.updateValue(column, forKey: name) == nil else {
                throw Fault(
                    .duplicateName, at: "line \(header.line), column \(column + 1)", "two columns have the same name",
                    found: name)
            }
            switch name {
            case "video_filename": clip = column
            case "frame_num": frame = column
            case "emotion": emotion = column
            default: features.append(column)
            }
        }
        guard !features.isEmpty else {
            throw Fault(.emptyClip, at: "line \(header.line)", "no column holds features")
        }
        try findLandmarks(columns, line: header.line)
    }

    private mutating func findLandmarks(_ columns: [String: Int], line: Int) throws(Fault) {
        let coordinates = features.filter { CSVColumns.isCoordinate(names[$0]) }
        guard !coordinates.isEmpty else { return }
        if let other = features.first(where: { !CSVColumns.isCoordinate(names[$0]) }) {
            throw Fault(
                .unknownName, at: "line \(line), column \(other + 1)", "the column is not a landmark's coordinate",
                found: names[other], expected: "x_0, y_0, z_0, …, video_filename, frame_num or emotion")
        }
        let first = ["x", "y", "z"].contains { columns["\($0)_0"] != nil } ? 0 : 1
        let order = (first..<first + features.count / 3).flatMap { index in
            ["x", "y", "z"].map { columns["\($0)_\(index)"] }
        }
        let landmarks = order.compactMap { $0 }
        guard landmarks.count == features.count else {
            // Some coordinates alone: the features are in the file's order, which must be that of the landmarks.
            for axis in "xyz" {
                let numbers = features.filter { names[$0].first == axis }.map { Int(names[$0].dropFirst(2)) ?? .max }
                guard zip(numbers, numbers.dropFirst()).allSatisfy({ $0 < $1 }) else {
                    throw Fault(
                        .layoutMismatch, at: "line \(line)",
                        "the columns of a coordinate are not in the order of the landmarks, and not every landmark has three",
                        found: features.prefix(4).map { names[$0] }.joined(separator: ", ") + ", …",
                        expected: "x_0, x_1, x_2, …; or x, y and z of each landmark, in any order")
                }
            }
            return
        }
        areReordered = features != landmarks
        features = landmarks
        areLandmarks = true
    }

    private static func isCoordinate(_ name: String) -> Bool {
        guard let first = name.first, "xyz".contains(first), name.dropFirst().first == "_" else { return false }
        let digits = name.utf8.dropFirst(2)
        return !digits.isEmpty && digits.allSatisfy(DecimalNumber.isDigit)
    }

    /// `column 7` or `column 7 (z_1)`.
    func description(of column: Int) -> String {
        names.indices.contains(column) ? "column \(column + 1) (\(names[column]))" : "column \(column + 1)"
    }
}
