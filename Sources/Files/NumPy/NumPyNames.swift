import EmotionFormerCore

/// Names in an `npy` file: an array of text or of whole numbers, or of pickled objects.
package enum NumPyNames {
    /// The elements in C order, and the objects among them; as `PickleReader` gives them.
    /// - Throws: malformed, `sizeMismatch`, `limitExceeded`; `unsupportedAttribute` for other elements and for arrays of
    ///   several axes in Fortran order; what `PickleReader` throws for objects.
    package static func read(_ file: [UInt8]) throws(FileFormatError) -> (value: PickleValue, objects: [PickleObject]) {
        let header = try NumPyHeader(file[...])
        let content = file[header.byteCount...]
        // NumPy writes the array itself as a pickle.
        if header.descriptor == "|O" { return try PickleReader.read(Array(content)) }
        guard let type = PickleElementType(header.descriptor), [.text, .integer, .natural].contains(type.kind),
            !header.isFortranOrder || header.extents.count < 2
        else {
            throw FileFormatError(
                .unsupportedAttribute, at: "header", "the array holds no names", found: header.descriptor,
                expected: "text, whole numbers or objects")
        }
        let count = try header.shape().elementCount
        guard count <= PickleReader.elementLimit else {
            throw FileFormatError(
                .limitExceeded, at: "header", "the array has more names than a model has classes", found: "\(count)",
                expected: "at most \(PickleReader.elementLimit)")
        }
        guard content.count == count * type.byteCount else {
            throw FileFormatError(
                .sizeMismatch, at: "", "the array has more or fewer bytes than its shape says",
                found: "\(content.count)", expected: "\(count * type.byteCount)")
        }
        var names: [PickleValue] = []
        for start in stride(from: content.startIndex, to: content.endIndex, by: type.byteCount) {
            guard let name = type.element(content[start..<start + type.byteCount]) else {
                throw FileFormatError(at: "", "an element of the array is no text")
            }
            names.append(name)
        }
        return (.object(0), [PickleObject(kind: .array, items: names)])
    }
}
