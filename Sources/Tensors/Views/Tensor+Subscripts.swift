import EmotionFormerCore

extension Tensor {
    /// A part of the tensor: a view, in O(axes). What is written there is broadcast to the part's shape.
    ///
    /// Negative indices count from the end, also as bounds of ranges. An index or a range that is not inside its axis, and
    /// a shape that does not broadcast, ends the program; ``slice(_:)`` and ``assign(_:to:)`` throw instead.
    public subscript(indices: any TensorIndex...) -> Tensor {
        get { unfailing { () throws(TensorError) in try sliced(indices) } }
        set {
            do throws(TensorError) {
                try assign(newValue, toList: indices)
            } catch {
                fatalError(error.description)
            }
        }
    }

    /// A part of the tensor: a view, in O(axes).
    /// - Throws: `outOfBounds` for an index or a range that is not inside its axis; `invalidArgument` for too many.
    public func slice(_ indices: any TensorIndex...) throws(TensorError) -> Tensor { try sliced(indices) }

    /// Writes elements to a part of the tensor, broadcast to the part's shape.
    /// - Throws: what ``slice(_:)`` throws; `shapeMismatch` if the elements' shape does not broadcast to the part's.
    public mutating func assign(_ elements: Tensor, to indices: any TensorIndex...) throws(TensorError) {
        try assign(elements, toList: indices)
    }

    func sliced(_ indices: [any TensorIndex]) throws(TensorError) -> Tensor {
        let part = try named([shape]) { () throws(Fault) in try layout.indexed(indices) }
        return Tensor(storage: storage, layout: part)
    }

    mutating func assign(_ elements: Tensor, toList indices: [any TensorIndex]) throws(TensorError) {
        makeUnique()
        let part = try named([shape]) { () throws(Fault) in try layout.indexed(indices) }
        let source = try named([elements.shape, part.shape.extents]) { () throws(Fault) in
            try elements.layout.broadcast(to: part.shape)
        }
        // `makeUnique` has parted the memory from every other tensor's, that of `elements` too.
        copyElements(source, elements.base, part, mutableBase)
    }
}
