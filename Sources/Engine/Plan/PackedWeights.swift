import EmotionFormerCore

/// Packed weights that the plans of one graph for several numbers of frames have in common.
///
/// One thread makes all these plans, node by node; `forget` after each node.
final class PackedWeights {
    private struct Key: Hashable {
        let sources: [ObjectIdentifier]
        let form: String
        let byteCount: Int
    }

    private var buffers: [Key: Buffer] = [:]
    private var tensors: [ObjectIdentifier: Tensor] = [:]
    /// No other tensor can take the identity of these.
    private var sources: [Tensor] = []
    private var region: MemoryRegion??

    /// The buffer that an earlier plan made from the same tensors in the same form, or a new one.
    /// - Parameter form: everything else that the contents depend on.
    func buffer(of tensors: [Tensor], form: String, byteCount: Int, _ make: () -> Buffer) -> Buffer {
        let key = Key(sources: tensors.map(\.identity), form: form, byteCount: byteCount)
        if let found = buffers[key] { return found }
        let made = make()
        buffers[key] = made
        sources += tensors
        return made
    }

    /// A tensor apart from its region, the same for all plans.
    func apart(_ tensor: Tensor) -> Tensor {
        if let found = tensors[tensor.identity], found.shape == tensor.shape { return found }
        let made = tensor.apart()
        tensors[tensor.identity] = made
        sources.append(tensor)
        return made
    }

    /// The region of all plans' weights; the size that the first one expects counts.
    func region(expectedByteCount: Int) -> MemoryRegion? {
        if let region { return region }
        let made = MemoryRegion(expectedByteCount: expectedByteCount)
        region = .some(made)
        return made
    }

    /// Keeps nothing alive any more.
    func forget() {
        buffers = [:]
        tensors = [:]
        sources = []
    }
}
