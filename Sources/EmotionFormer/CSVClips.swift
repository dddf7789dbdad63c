import EmotionFormerCore
import EmotionFormerFiles

/// Clips from comma-separated values, one row per frame: one clip, or one for each `video_filename`.
enum CSVClips {
    /// The clips in the order of their first frames in the file, the frames of each sorted by `frame_num` if there is
    /// such a column.
    /// - Parameter areVectors: whether each row is a clip of its own.
    /// - Throws: `malformedClip` with line and column for a cell that is not a number; `emptyClip`,
    ///   `featureCountMismatch` for a row with more or fewer cells than the first, `notFinite`, `duplicateName`.
    static func read(_ bytes: [UInt8], areVectors: Bool = false) throws(Fault) -> [LandmarkClip] {
        var reader = CSVReader(bytes, columnLimit: ClipLimits.columns)
        guard var row = try readingClip(reader.next()) else { throw Fault(.emptyClip, at: "", "the file has no rows") }
        let hasHeader = isHeader(row)
        let columns = hasHeader ? try CSVColumns(header: row) : CSVColumns(count: row.fields.count)
        let budget = ClipBudget(fileBytes: bytes.count)
        var order: [ArraySlice<UInt8>: Int] = [:]
        var assemblies: [ClipAssembly] = []
        var isRow = hasHeader ? try readingClip(reader.next(into: &row)) : true
        while isRow {
            guard row.fields.count == columns.count else {
                throw Fault(
                    .featureCountMismatch, at: "line \(row.line)",
                    "the row has another number of cells than the first",
                    found: "\(row.fields.count)", expected: "\(columns.count)")
            }
            let key = columns.clip.map { row.fields[$0] } ?? []
            let index = areVectors ? assemblies.count : order[key] ?? assemblies.count
            if index == assemblies.count {
                try ClipLimits.checkClips(index + 1)
                order[key] = index
                let name = columns.clip.map { _ in String(decoding: key, as: UTF8.self) }
                assemblies.append(ClipAssembly(place: "", name: name, budget: budget))
                if columns.clip == nil, !areVectors { reserve(bytes, columns, for: &assemblies[index]) }
            }
            try append(row, columns, to: &assemblies[index])
            isRow = try readingClip(reader.next(into: &row))
        }
        guard !assemblies.isEmpty else { throw Fault(.emptyClip, at: "", "the file has a header and no rows") }
        var clips: [LandmarkClip] = []
        clips.reserveCapacity(assemblies.count)
        for index in assemblies.indices {
            // Removed from the list, so that the memory has one owner and is not copied.
            let assembly = assemblies[index]
            assemblies[index] = ClipAssembly(place: "")
            var clip = try assembly.clip()
            clip.isReordered = columns.areReordered
            clips.append(clip)
        }
        return clips
    }

    /// An upper bound: there are at most as many rows as lines, and at most as many cells as commas and lines together.
    private static func reserve(_ bytes: [UInt8], _ columns: CSVColumns, for assembly: inout ClipAssembly) {
        var (lines, commas) = (1, 0)
        for byte in bytes {
            if byte == 0x0A || byte == 0x0D { lines += 1 }
            if byte == UInt8(ascii: ",") { commas += 1 }
        }
        assembly.reserve(
            frames: lines, values: min(commas + lines, lines * columns.features.count),
            areNumbered: columns.frame != nil)
    }

    /// A first row is a header if none of its cells is a number, or if it numbers its columns 0, 1, 2, … as data frames
    /// without column names are written.
    private static func isHeader(_ row: CSVReader.Row) -> Bool {
        let numbers = row.fields.map { DecimalNumber.parse($0) }
        if numbers.allSatisfy({ $0 == nil }) { return row.fields.contains { !$0.isEmpty } }
        let named = row.fields[0].isEmpty ? numbers.dropFirst() : numbers[...]
        return named.count > 2 && named.enumerated().allSatisfy { $0.element == Double($0.offset) }
    }

    private static func append(
        _ row: CSVReader.Row, _ columns: CSVColumns, to assembly: inout ClipAssembly
    ) throws(Fault) {
        let place = "line \(row.line)"
        var number: Int?
        if let column = columns.frame {
            number = DecimalNumber.parse(row.fields[column]).flatMap { Int(exactly: $0) }
            guard number != nil else { throw fault("the frame number is not a whole number", row, column, columns) }
        }
        if let column = columns.emotion {
            let emotion = String(decoding: row.fields[column], as: UTF8.self)
            guard assembly.emotion == nil || assembly.emotion == emotion else {
                throw fault("the clip has two emotions", row, column, columns)
            }
            assembly.emotion = emotion
        }
        if columns.features.allSatisfy({ row.fields[$0].isEmpty }) {
            return try assembly.append(nil, number: number, at: place)
        }
        var values: [Float] = []
        values.reserveCapacity(columns.features.count)
        for column in columns.features {
            guard let value = DecimalNumber.parse(row.fields[column]) else {
                let problem = row.fields[column].isEmpty ? "the cell is empty" : "the cell is not a number"
                throw fault(problem, row, column, columns)
            }
            values.append(Float(value))
        }
        if let bad = values.firstIndex(where: { $0.isInfinite }) {
            var fault = fault("the cell is not a finite number", row, columns.features[bad], columns)
            fault.code = .notFinite
            throw fault
        }
        if values.allSatisfy(\.isNaN) { return try assembly.append(nil, number: number, at: place) }
        try assembly.append(columns.areLandmarks ? .landmarks(values) : .features(values), number: number, at: place)
    }

    private static func fault(
        _ problem: String, _ row: CSVReader.Row, _ column: Int, _ columns: CSVColumns
    ) -> Fault {
        // A cell may be as long as the file.
        let cell = String(decoding: row.fields[column].prefix(40), as: UTF8.self)
        return Fault(
            .malformedClip, at: "line \(row.line), \(columns.description(of: column))", problem, found: "'\(cell)'")
    }
}
