using Nacre.Rados.Objects;

namespace Nacre.Rbd;

/// <summary>
/// How an image's bytes lie in its objects (file_layout_t; src/osdc/Striper.cc): stripe units go round over <see cref="StripeCount"/> objects until
/// those are full, then over the next ones.
/// </summary>
public readonly record struct ImageLayout
{
    /// <param name="order">log2 of the object size.</param>
    /// <param name="stripeUnit">Bytes per unit, a factor of the object size; 0 for the whole object.</param>
    /// <param name="stripeCount">Objects per stripe; 0 for 1.</param>
    public ImageLayout(int order, ulong stripeUnit = 0, ulong stripeCount = 0)
    {
        Order = order;
        ObjectSize = 1UL << order;
        StripeUnit = stripeUnit == 0 ? ObjectSize : stripeUnit;
        StripeCount = stripeCount == 0 ? 1 : stripeCount;
    }

    /// <summary>log2 of the object size.</summary>
    public int Order { get; }

    /// <summary>Bytes per object.</summary>
    public ulong ObjectSize { get; }

    /// <summary>Bytes per stripe unit.</summary>
    public ulong StripeUnit { get; }

    /// <summary>Objects per stripe.</summary>
    public ulong StripeCount { get; }

    /// <summary>True where one object follows another, which is every image but those with the striping feature.</summary>
    public bool IsSimple => StripeCount == 1;

    /// <summary>Bytes that a round over a full set of objects covers.</summary>
    public ulong Period => StripeCount * ObjectSize;

    /// <summary>How many objects an image of that size can have (Striper::get_num_objects).</summary>
    public ulong ObjectCount(ulong size)
    {
        ulong periods = (size / Period) + (size % Period == 0 ? 0UL : 1UL);
        ulong rest = size % Period;
        ulong absent = 0;
        if (rest > 0 && rest < StripeCount * StripeUnit)
        {
            absent = StripeCount - ((rest + StripeUnit - 1) / StripeUnit);
        }

        return (periods * StripeCount) - absent;
    }

    /// <summary>Where a byte of the image lies, and how many bytes follow it in the same stripe unit.</summary>
    public ObjectPiece PieceAt(ulong offset)
    {
        if (IsSimple)
        {
            ulong within = offset & (ObjectSize - 1);
            return new ObjectPiece(offset >> Order, within, ObjectSize - within);
        }

        ulong block = offset / StripeUnit;
        ulong stripe = block / StripeCount;
        ulong position = block % StripeCount;
        ulong stripesPerObject = ObjectSize / StripeUnit;
        ulong set = stripe / stripesPerObject;
        ulong number = (set * StripeCount) + position;
        ulong inUnit = offset % StripeUnit;
        return new ObjectPiece(number, (stripe % stripesPerObject * StripeUnit) + inUnit, StripeUnit - inUnit);
    }

    /// <summary>Where a byte of an object lies in the image.</summary>
    public ulong ImageOffset(ulong objectNumber, ulong objectOffset)
    {
        if (IsSimple)
        {
            return (objectNumber << Order) + objectOffset;
        }

        ulong stripesPerObject = ObjectSize / StripeUnit;
        ulong stripe = (objectNumber / StripeCount * stripesPerObject) + (objectOffset / StripeUnit);
        return (((stripe * StripeCount) + (objectNumber % StripeCount)) * StripeUnit) + (objectOffset % StripeUnit);
    }

    /// <summary>
    /// The image's ranges that a range of an object holds, in order (Striper::extent_to_file).
    /// </summary>
    public IEnumerable<Extent> ImageExtents(ulong objectNumber, ulong objectOffset, ulong length)
    {
        while (length > 0)
        {
            ulong unitLeft = IsSimple ? length : StripeUnit - (objectOffset % StripeUnit);
            ulong take = Math.Min(length, unitLeft);
            yield return new Extent(ImageOffset(objectNumber, objectOffset), take);
            objectOffset += take;
            length -= take;
        }
    }

    /// <summary>How many bytes of an object lie below an image size.</summary>
    public ulong ObjectLength(ulong objectNumber, ulong imageSize)
    {
        if (IsSimple)
        {
            ulong start = objectNumber << Order;
            return imageSize <= start ? 0 : Math.Min(ObjectSize, imageSize - start);
        }

        // Units of one object ascend in the image: count those that lie below the size.
        ulong length = 0;
        while (length < ObjectSize)
        {
            ulong at = ImageOffset(objectNumber, length);
            if (at >= imageSize)
            {
                break;
            }

            length += Math.Min(StripeUnit, imageSize - at);
            if (at + StripeUnit > imageSize)
            {
                break;
            }
        }

        return length;
    }

    /// <summary>Splits a range into ranges of objects, merged per object, in order of first touch.</summary>
    public List<ObjectExtent> Map(ulong offset, ulong length)
    {
        var extents = new List<ObjectExtent>((int)Math.Min(1024, (length >> Order) + 2));
        Dictionary<ulong, ObjectExtent>? open = IsSimple ? null : [];
        ulong done = 0;
        while (done < length)
        {
            ObjectPiece piece = PieceAt(offset + done);
            ulong take = Math.Min(piece.Length, length - done);
            if (open is not null && open.TryGetValue(piece.ObjectNumber, out ObjectExtent? extent) && extent.Offset + extent.Length == piece.Offset)
            {
                extent.Append(done, take);
            }
            else
            {
                extent = new ObjectExtent(piece.ObjectNumber, piece.Offset, done, take);
                extents.Add(extent);
                if (open is not null)
                {
                    open[piece.ObjectNumber] = extent;
                }
            }

            done += take;
        }

        return extents;
    }
}

/// <summary>A place in an object.</summary>
/// <param name="ObjectNumber">The object.</param>
/// <param name="Offset">Bytes from its start.</param>
/// <param name="Length">Bytes that follow in the image as in the object.</param>
public readonly record struct ObjectPiece(ulong ObjectNumber, ulong Offset, ulong Length);
