import EmotionFormerCore
import EmotionFormerGraph
import EmotionFormerSystem

extension StepBuilder {
    /// The sinusoidal encoding of positions (Vaswani et al. 2017, section 3.5), frames × width, in either arrangement
    /// of its sines and cosines; made in double precision.
    mutating func makeSinusoids(_ node: TypedGraph.Node, frames: Int, width: Int) throws(Fault) -> ConstantAddress {
        let isInterleaved = try node.attributes.text("arrangement") == "interleaved"
        let wavelength = try node.attributes.number("maximumWavelength")
        let half = (width + 1) / 2
        return ConstantAddress(
            makeBuffer(byteCount: frames * width * 4) { bytes in
                let table = bytes.assumingMemoryBound(to: Float.self)
                for column in 0..<width {
                    let index = isInterleaved ? column / 2 : column % half
                    let isSine = isInterleaved ? column % 2 == 0 : column < half
                    let rate = pow(wavelength, -2 * Double(index) / Double(width))
                    for frame in 0..<frames {
                        let angle = Double(frame) * rate
                        table[frame * width + column] = Float(isSine ? sin(angle) : cos(angle))
                    }
                }
            })
    }
}
