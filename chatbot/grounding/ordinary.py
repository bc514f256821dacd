"""Ordinary English words with which a sentence may begin. Any other word with a capital is taken for a name.

The forms of a verb or noun are made from it. What is often a name (Will, Grace, Apple) is left out on purpose.
"""

_OTHERS = """
a about above according accordingly across actually additional additionally after afterwards again against ago ahead
all allow almost alone along already also alternatively although always am among amongst an and another any anybody
anyone anything anytime anyway anywhere apart approximately are around as aside at available away back based
basically because before beforehand below beneath beside besides best better between beyond both briefly but by can
can't cannot certain certainly clearly combined commonly completely consequently correct correctly could currently
daily dear definitely depending despite did different directly do does doesn't don't down due during each early
easily easy either eligible else elsewhere entirely especially even eventually ever every everybody everyone
everything everywhere exactly except exclusively extra fair fairly far fast few fewer final finally fine first
firstly following for former fortunately free freely frequently fresh from full fully further furthermore general
generally given good great had half happy hardly has hasn't have haven't he hello hence her here hers hi high highly
him his how however i if immediately important in including indeed individual initially inside instantly instead
into is isn't it it's its itself just kindly large last lastly late later latest least left less let let's like
likely likewise limited little local long longer lots low lower mainly mandatory many maximum maybe me meanwhile
might mine minimum monthly more moreover most mostly much multi must my namely near nearby nearly necessary needless
neither never nevertheless new next no nobody non none nonetheless nor normal normally not notably note nothing now
nowhere obviously of off often okay old on once one online only onto open optional or ordinarily other others
otherwise ought our ours out outside over overall own particular particularly partly past per perhaps personal plain
please plus possible possibly potentially pre presently previously primarily prior private probably promptly
properly provided providing public quick quickly quite rarely rather ready really recent recently refundable
regarding regardless regular regularly related relatively remaining required responsible right roughly safe safely
same second secondly secure see self separate separately several shall she short shortly should similar similarly
simple simply since single slightly small so some somebody somehow someone something sometimes somewhere soon sooner
sorry special specific specifically standard still strictly strongly sub subject subsequently such suitable sure
surely temporarily than thank thanks that that's the their theirs them themselves then there there's thereafter
therefore these they they're this thoroughly those though three through throughout thus till to today together
tomorrow tonight too top totally toward towards two typical typically ultimately unable under understandably
unfortunately unless unlike unlimited until unused up upfront upon urgent urgently us usual usually valid various
very via was wasn't we we'll we're we've weekly welcome well were what whatever when whenever where whereas wherever
whether which whichever while who whoever whole whom whose why wide willing with within without won't worth would
wouldn't wrong yearly yes yet you you'll you're you've your yours yourself zero
"""
_VERBS = """
accept access account act add adjust advise agree aim allow answer apologise apologize appear apply approve arrange
arrive ask assemble assist attach attend avoid be become begin believe book borrow bring browse build buy calculate
call cancel care carry cause change charge check choose claim clean clear click close collect combine come
communicate compare complain complete confirm connect consider consult contact contain continue convert cost cover
create cross cut damage deal decide decline deduct delay delete deliver deny depend describe deserve dial disconnect
discount discuss display do download drop e-mail earn email enable end ensure enter equal estimate exceed exchange
exclude expect expire explain extend fail fall fax feel fill find finish fit fix follow forget forward gather get
give go guarantee guide handle happen have hear help hire hold hope hurry ignore improve include increase indicate
inform insert inspect install insure intend involve issue join keep know lack last lead learn leave lend let lie
limit list listen live locate lock log look lose maintain make manage match matter mean measure meet mention miss
move need notice notify obtain occur offer omit open operate order pack park pass pause pay perform phone pick place
plan post prefer prepare present press prevent print proceed process produce prohibit promise protect prove provide
publish pull purchase push put qualify quote raise reach read receive recommend record recover redeem reduce refer
refund refuse register reject release rely remain remember remind remove renew rent repair repeat replace reply
report request require reschedule reserve reset resolve respond rest restart restore restrict result resume return
reuse review ride ring run save say scan schedule seal search select sell send serve set settle share ship show sign
skip slow sort speak spend split stand start state stay stock stop store submit subscribe suggest supply support suspend
switch take talk tell tend test thank tick tighten touch track trade transfer travel treat try turn type understand
undo unlock unpack unsubscribe update upgrade upload use verify view visit wait walk want warn wash watch wear weigh
win wish withdraw work worry wrap write
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
