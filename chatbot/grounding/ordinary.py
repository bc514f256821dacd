"""Ordinary English words with which a sentence may begin. Any other word with a capital is taken for a name.

The forms of a verb or noun are made from it. What is often a name (Will, Grace, Apple) is left out on purpose.
"""

from collections.abc import Callable

_OTHERS = """
a about above absolutely accidents according accordingly across actually additional additionally admission advance
after afterwards again against ago ahead all allow almost alone along already also alternatively although altogether
always am amazing among amongst an and announce annual another any anybody anyone anything anytime anyway anywhere
apart apologies apparently appreciate approximately are around arrival as aside assume assuming at automatic
automatically available away awesome back bad bags base based basic basically because before beforehand behind below
beneath beside besides best better between beyond big bike bikes billing blue board both boys break breaks brief
briefly broken browsers bulk busy but buyers by can can't cancellation cancellations cannot capacity careful carefully
cars casual catch certain certainly chairs charity chat cheap cheaper cheers cheques children chosen clearly client
clients clothes clubs coffee combined comfort commercial common commonly compensation completely concerning conclusion
congratulations consequently containers conversely cool corporate correct correctly could count couples crucially
current currently custom customs cycling cyclists daily dealers dear deep defective definitely demand demo depending
design despite destination detailed determine did different difficult digital direct directly disabled dispatch
dispatched disposal do doctor does doesn't dog dogs domestic don't donations done down drive due duplicate during each
early easier easily easy edit education effective efficiently either electric electronic eligible else elsewhere
emergency empty encourage enjoy enough entire entirely equally especially essential essentially even evening
eventually ever every everybody everyone everything everywhere evidence exact exactly excellent except excess exciting
exclusively existing expensive explore express extra extras fair fairly false fans fantastic far fast faster faulty
featured few fewer filing final finally financial fine fire first firstly flat flexible flights flowers fold folded
following for foreign formal former fortunately found free freely frequent frequently fresh friends from full fully
fun further furthermore future games general generally gently genuine girls given glad gladly gloves gone good got
grab gradually grants great greetings guidance guys had half happily happy hard hardly has hasn't have haven't he
hello helpful hence her here hers hey hi high higher highly him hint his historically honestly hopefully host hot
hourly household housing how however huge human i ideal ideally identify if imagine immediately important importantly
imported in including inclusive incorrect indeed individual individuals initial initially inside installments
instantly instead interested interestingly international into invite invoicing is isn't it it's its itself judging
just kids kindly knowledge ladies large largely larger last lastly late later latest laundry lay lease least leather
left legal legally lenders less lessons let let's liability library like likely likewise limited linked literally
little loading local locally login long longer loose lost lots love low lower luckily lunch main mainly major
mandatory manufacturers many marketing maximum maybe me meanwhile medical merchandise metal mid might mileage mine
minimum minor minors mix mobile modern modify monitor monthly more moreover most mostly mount much multi multiple
music must my namely national natural naturally near nearby nearly necessary needless neither never nevertheless new
newer newly next nice no nobody non none nonetheless nor normal normally not notably note noted nothing now nowadays
nowhere objects obviously occasionally odd of off official officially often oh okay old older on once one ones ongoing
online only onto open opt optional optionally or ordinarily ordinary organise original other others otherwise ought
our ours out outdoor outside over overall overnight overseas owing own ownership packaging paid paint pair pairs
pardon particular particularly partly past payable pending pension per perfect perfectly perhaps permits personal
personally photographs pickup pickups pieces plain plants play please plenty plug plus pop popular portable possible
possibly potential potentially power powerful practically pre preferably presently presumably pretty previous
previously pricing primarily prior private prizes probably professional programs promotional promotions promptly
proper properly provided providing public punctures purely quick quickly quiet quite racing rain rarely rather ratings
ready real really reasonable recent recently recycle red redirect refundable regarding regardless regular regularly
related relatively relax remaining remote remotely required respect responsible restaurants restrictions retail
reusable rewards right roll roughly round sadly safe safely same scroll seasonal second secondly secure securely see
seeing seems seldom self senior seniors sent separate separately serious servicing several shall she shift shoppers
shopping short shorter shortly should similar similarly simple simply since single sized slight slightly slowly small
smaller smart so social socks sofas sold some somebody somehow someone something sometimes somewhat somewhere soon
sooner sorry sounds source sources spare special specialist specialists specific specifically specify sports stairs
standard steel stick still stolen storage straight strictly strong strongly studies stuff sub subject subscribers
subsequently substitutions successful such suddenly suitable sums super suppose supposedly sure surely surprisingly
swap sweet taken tap tea teachers technical technically temporarily temporary tenants than thank thankfully thanks
that that's the their theirs them themselves then there there's thereafter therefore these they they're thick think
this thoroughly those though three through throughout thus tight till time times to today together toggle tomorrow
tonight too top totally tours toward towards traditionally traffic trailers transit translate travellers true trust
truthfully two typical typically ultimately unable under underneath understandably understood unfortunately unique
unless unlike unlimited unpaid unsure until unused unusual unwanted up upfront upon upper urgent urgently us useful
usual usually vacation valid validity vans various very via violations virtually vital voting wall warm warnings was
wasn't we we'll we're we've weekly welcome well were wet what whatever when whenever where whereas wherever whether
which whichever while white who whoever whole whom whose why wide willing winners wipe wireless wise with withdrawals
within without women won't wonder wonderful wooden wording worldwide worst worth would wouldn't wow written wrong yeah
yearly yep yes yet you you'll you're you've your yours yourself zero zip
"""
_VERBS = """
accept access account act add adjust advise agree aim align allow answer apologise apologize appear apply approve
arrange arrive ask assemble assist attach attend avoid be become begin believe bend book borrow brake bring browse
build buy calculate call cancel care carry cause change charge check choose claim clean clear click close collect
combine come communicate compare complain complete confirm connect consider consult contact contain continue convert
cool cost cover crack crash create cross cut cycle damage deal decide decline deduct delay delete deliver dent deny
depend describe deserve detach dial disconnect discount discuss display do download drive drop dry e-mail earn email
enable end ensure enter equal estimate exceed exchange exclude expect expire explain extend fail fall fax feel fill
find finish fit fix fold follow forget forward freeze gather get give go grease guarantee guide handle hang happen
have hear heat help hire hold hope hurry ignore improve include increase indicate inflate inform insert inspect
install insure intend involve issue join keep know lack last lead leak learn leave lend let lie lift limit list listen
live locate lock log look loosen lose lower maintain make manage match matter mean measure meet melt mention miss move
need notice notify obtain occur offer oil omit open operate order overheat pack park pass pause pay pedal peel perform
phone pick place plan plug post prefer prepare present press prevent print proceed process produce prohibit promise
protect prove provide publish pull pump purchase push put qualify quote raise rattle reach read receive recharge
recommend record recover redeem reduce refer refund refuse register reject release rely remain remember remind remove
renew rent repair repeat replace reply report request require reschedule reserve reset resolve respond rest restart
restore restrict result resume return reuse review ride ring rinse rotate run save say scan schedule scratch screw
seal search select sell send serve set settle share ship show sign skip slide slip slow sort speak spend spill split
squeak stand start state stay steer stock stop store straighten submit subscribe suggest supply support suspend swipe
switch take talk tell tend test thank tick tighten touch track trade transfer travel treat try turn type understand
undo unfold unlock unpack unplug unscrew unsubscribe update upgrade upload use verify view visit wait walk want warn
wash watch wear weigh win wipe wish withdraw work worry wrap write
"""
_NOUNS = """
access accessory account action addition address adult advice age agreement alternative amount answer app
appointment area article assistance attempt author balance bank basket battery benefit bill bin body bonus booking
boot bottom box brake branch brand breakfast budget building business button cable cafe calendar campaign card care
carrier case cash catalogue category chain chance change charge charger check checkout child choice class cleaning
clothing code colleague collection color colour combination comment commission company comparison complaint
component condition confirmation consumer contact content contract cookie copy corner cost counter country coupon
courier course coverage credit currency customer cycle damage data date day deadline deal debit decision default
delay delivery department deposit description desk detail device difference direction discount display distance
document door dress drink driver due duration duty effort electronics employee employer engine enquiry entrance
entry envelope equipment error event example exception exchange exercise expense experience expiry explanation
facility fact failure family fault feature fee feedback field file film finance fine floor food form format frame
freight front fund gift glass goods government group guarantee guest guide hand head health helmet help hire holiday
home hotel hour house idea identity image income information inspection installation instalment instruction
insurance interest internet invoice issue item job journey key kind kit label language laptop law length letter
level licence license light limit line link list loan location lock loss luggage machine mail maintenance manager
manual map material matter maximum meal means measurement mechanic medicine meeting member membership menu message
method mind minimum minute mistake mode model money month morning motor name need network news newsletter night note
notice notification number objection offer office opening operator opinion option order origin outcome owner package
page paper parcel parent parking part partner party passenger passport password patient payment penalty people
percentage period permission person pet phone photo picture place plan plastic platform player point policy portal
position possibility post postage postcode pound practice preference premium price print priority problem procedure
process product profile programme progress project proof property protection provider purchase purpose quality
quantity query question range rate reader reason receipt recipient record reduction reference refund region
registration regulation reminder removal renewal rental repair replacement reply report request requirement
reservation resident resource response responsibility rest result return review ride rider right risk road room
route rule safety salary sale saving scheme school score screen seat section security seller sender service session
setting shipment shipping shoe shop side sign signature site situation size skill software solution space staff
stage stamp standard start statement station status step stock store story street student style subject subscription
subsidy success summary supplier supply support surcharge surface survey switch system table task tax team
technician telephone term test text thing ticket tip title tool topic total touch tracking trade train training
transaction transfer transport trial trip trouble tube type tyre unit update upgrade usage use user valuation value
variety vehicle verification version video view visit visitor voucher waiting warehouse warranty water way weather
website week weekday weekend weight wheel window word work worker workshop year zone
"""


def _of_verb(verb: str) -> set[str]:
    stem = verb.removesuffix("e")
    doubled = verb + verb[-1]
    past = verb[:-1] + "i" if verb.endswith("y") and verb[-2] not in "aeiou" else verb
    return {verb, f"{verb}s", f"{verb}es", f"{past}es", f"{stem}ed", f"{past}ed", f"{stem}ing", f"{verb}ing"} | {
        f"{doubled}ed",
        f"{doubled}ing",
    }


def _of_noun(noun: str) -> set[str]:
    many = noun[:-1] + "ies" if noun.endswith("y") else noun
    return {noun, f"{noun}s", f"{noun}es", many}


ORDINARY: frozenset[str] = frozenset(_OTHERS.split()).union(
    *map(_of_verb, _VERBS.split()), *map(_of_noun, _NOUNS.split())
)

# Where a word ends or begins so, it is one of another: you'd, uncollected, cheapest.
_ENDINGS = {
    **dict.fromkeys(("'d", "'ll", "'re", "'ve", "'m", "'s", "n't", "s", "es", "d", "ly", "ful", "less", "ness"), ("",)),
    **dict.fromkeys(("ed", "ing", "est", "able", "ment", "ation", "ion"), ("", "e")),
    **dict.fromkeys(("ies", "ier", "iest", "ily", "iness"), ("y",)),
    "y": ("", "e"),
}
_BEGINNINGS = ("un", "re", "non", "pre", "mis", "over", "under", "out")
# Some names look like it.
_NAME_LIKE = """
andy billy bobby candy holly jimmy kelly mandy misty molly penny polly randy ricky rocky rusty sally sandy shelly sunny
tommy wendy browning fielding golding harding manning spalding sterling
"""
_NAMES = frozenset(_NAME_LIKE.split())


def is_ordinary(word: str, known: Callable[[str], bool] = lambda _: False) -> bool:
    """Tell whether a casefolded word is one of these, or made of one, or of one that is known otherwise."""
    if word in ORDINARY:
        return True
    if word in _NAMES:
        return False
    stems = {word, *_without_ending(word)}
    stems |= {stem.removeprefix(begin) for stem in stems for begin in _BEGINNINGS if stem.startswith(begin)}
    return any(len(stem) > 2 and (stem in ORDINARY or (stem != word and known(stem))) for stem in stems)


def _without_ending(word: str) -> set[str]:
    stems = {word[: -len(end)] + more for end, others in _ENDINGS.items() if word.endswith(end) for more in others}
    # overlapping: overlap
    return stems | {stem[:-1] for stem in stems if stem[-1:] == stem[-2:-1] and stem[-1:] not in {"s", "l"}}
